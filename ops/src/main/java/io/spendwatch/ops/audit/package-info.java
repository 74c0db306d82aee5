/** The audit: what the tables, and the windows in memory, should say, recomputed in SQL. */
package io.spendwatch.ops.audit;
