/**
 * One node of the cluster, put together from its parts: {@link io.spendwatch.ops.node.Node} starts
 * them in order, each on a {@code Foundation}; what each is, its name says. {@code NodeJobs} is
 * what goes on beside deciding, {@code Departure} the way out.
 */
package io.spendwatch.ops.node;
