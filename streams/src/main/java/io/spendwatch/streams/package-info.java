/**
 * The pipelines: what happens to a record from Kafka until its verdict is durable and its alert is
 * out. {@link io.spendwatch.streams.Pipelines} is the way in; the walk itself is in {@link
 * io.spendwatch.streams.TransactionsPipeline}.
 */
package io.spendwatch.streams;
