/**
 * Sales metrics: what merchants' transactions of a minute add up to, from a roll-up to a topic
 * (record 0043).
 */
package io.spendwatch.ops.salesmetrics;
