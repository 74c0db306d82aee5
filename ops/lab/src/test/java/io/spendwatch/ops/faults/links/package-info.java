/**
 * Links that can be cut, slowed or go dead: between nodes and Kafka, nodes and PostgreSQL, node and
 * node.
 */
package io.spendwatch.ops.faults.links;
