/**
 * Who fills the log: alerts from their topic, also those that it no longer has, and what changes in
 * the cluster.
 */
package io.spendwatch.ops.events.sources;
