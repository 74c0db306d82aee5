/**
 * Alerts and dead letters go out in Kafka transactions, with the offsets behind them, and are
 * committed only when their rows are durable.
 */
@NullMarked
package io.spendwatch.streams.publish;

import org.jspecify.annotations.NullMarked;
