/** Transactions, balances and answers in files. */
package io.spendwatch.loadgen.dataset;
