/** Transactions that are made up: users, amounts, scenarios with known answers. */
package io.spendwatch.loadgen.workload;
