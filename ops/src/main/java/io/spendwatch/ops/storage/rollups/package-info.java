/**
 * Roll-ups for analysis: tables of what transactions and alerts add up to, kept as they come. A new
 * one is a migration that makes its table and calls {@code spendwatch.add_rollup}, and one file of
 * its name here, which adds {@code new_row} and {@code new_alert} to it.
 */
package io.spendwatch.ops.storage.rollups;
