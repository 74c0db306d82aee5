/**
 * The walk of a record, and of a balance: read, decode, assess, write, publish. {@link
 * io.spendwatch.streams.pipeline.Pipelines} puts it together, {@link
 * io.spendwatch.streams.pipeline.ConsumerLoop} reads, {@link
 * io.spendwatch.streams.pipeline.TransactionsPipeline} and {@link
 * io.spendwatch.streams.pipeline.BalancesPipeline} are the two walks.
 */
@NullMarked
package io.spendwatch.streams.pipeline;

import org.jspecify.annotations.NullMarked;
