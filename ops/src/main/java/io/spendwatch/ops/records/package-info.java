/** What is stored, read back in lists: alerts, a user's transactions, exposure over time. */
package io.spendwatch.ops.records;
