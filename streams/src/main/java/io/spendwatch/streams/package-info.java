/**
 * The pipelines: what happens to a record from Kafka until its verdict is durable and its alert is
 * out. {@link io.spendwatch.streams.pipeline.Pipelines} is the way in; the walk itself is in {@link
 * io.spendwatch.streams.pipeline.TransactionsPipeline}. From the ground up: {@code base}, {@code
 * database}, {@code ledger}; {@code life}, {@code quarantine}, {@code kafka}, {@code publish};
 * {@code layout}; {@code pipeline}.
 */
@NullMarked
package io.spendwatch.streams;

import org.jspecify.annotations.NullMarked;
