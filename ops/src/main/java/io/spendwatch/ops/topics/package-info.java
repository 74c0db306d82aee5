/** The Kafka topics of the contract. */
package io.spendwatch.ops.topics;
