/** Holds what a run left in PostgreSQL and Kafka against known answers, over the contract alone. */
package io.spendwatch.ops.lab.acceptance;
