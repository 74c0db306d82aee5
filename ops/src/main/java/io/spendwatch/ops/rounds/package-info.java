/**
 * Rounds of the archive: what a node, or the command, does so that old days leave, step by step.
 * What writes the archive is an artifact of its own, {@code ops/archive}, behind {@link
 * io.spendwatch.ops.rounds.ArchiveWriter}.
 */
package io.spendwatch.ops.rounds;
