/**
 * What is asked of Kafka: settings, topics and their ids, offsets and their notes, transactions
 * that hang.
 */
@NullMarked
package io.spendwatch.streams.kafka;

import org.jspecify.annotations.NullMarked;
