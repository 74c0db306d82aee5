/**
 * The commands that run a node and keep its database: node, migrate, doctor, print-config,
 * roll-ups, rewind, erase, completion. Those that only ask stand in live, stored and deadletters.
 */
package io.spendwatch.ops.cli;
