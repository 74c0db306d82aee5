/** A Kafka broker as a process of our own. */
package io.spendwatch.ops.lab.sandbox.kafka;
