/**
 * What is asked of Kafka: settings, topics and their ids, offsets and their notes, transactions
 * that hang.
 */
package io.spendwatch.streams.kafka;
