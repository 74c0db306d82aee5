/** The windows that nodes have in memory, and who has drifted from the tables. */
package io.spendwatch.ops.audit.windows;
