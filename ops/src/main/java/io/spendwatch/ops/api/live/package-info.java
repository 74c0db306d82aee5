/**
 * What a running node is asked: users' actors, events as they come, its partitions, status, health,
 * metrics.
 */
package io.spendwatch.ops.api.live;
