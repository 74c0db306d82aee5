/**
 * Alerts and dead letters go out in Kafka transactions, with the offsets behind them, and are
 * committed only when their rows are durable. Whoever has something asks {@link
 * io.spendwatch.streams.publish.Publishers}; a {@link io.spendwatch.streams.publish.Publisher}
 * takes what is next out of its {@link io.spendwatch.streams.publish.PublicationQueue}, makes a
 * transaction of it ({@link io.spendwatch.streams.publish.KafkaTransactions}), and says what comes
 * of each {@link io.spendwatch.streams.publish.TransactionOutcome}.
 */
@NullMarked
package io.spendwatch.streams.publish;

import org.jspecify.annotations.NullMarked;
