/**
 * Alerts and dead letters go out in Kafka transactions, with the offsets behind them, and are
 * committed only when their rows are durable.
 */
package io.spendwatch.streams.publish;
