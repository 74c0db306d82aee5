/**
 * What Prometheus is told, and the one place that knows the metrics library. {@link
 * io.spendwatch.ops.metrics.Metric} names all of it, {@link io.spendwatch.ops.metrics.Metrics}
 * hands out what counts it: a class for each kind of work.
 */
package io.spendwatch.ops.metrics;
