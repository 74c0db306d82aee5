/**
 * The commands that ask what runs: nodes for status and users, the topic for alerts as they come.
 */
package io.spendwatch.ops.cli.live;
