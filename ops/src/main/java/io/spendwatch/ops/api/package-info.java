/**
 * A node's HTTP interface put together: who may pass ({@link Guard}, {@link NeededRole}), its
 * contract, the dashboard, and what asks another node. What else is served stands in stored and
 * live.
 */
package io.spendwatch.ops.api;
