/** The commands about dead letters: list, show, and back with them. */
package io.spendwatch.ops.cli.deadletters;
