/**
 * Batches, and which of their records may be what makes us fail: those are tried alone, and
 * condemned in the end, so that nobody else waits for them.
 */
package io.spendwatch.streams.quarantine;
