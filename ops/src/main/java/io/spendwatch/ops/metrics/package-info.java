/** What Prometheus is told, and the one place that knows the metrics library. */
package io.spendwatch.ops.metrics;
