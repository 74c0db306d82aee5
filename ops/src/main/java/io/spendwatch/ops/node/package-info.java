/** One node of the cluster, put together from its parts. */
package io.spendwatch.ops.node;
