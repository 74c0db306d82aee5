/**
 * Batches, and which of their records may be what makes us fail: those are tried alone, and
 * condemned in the end, so that nobody else waits for them.
 */
@NullMarked
package io.spendwatch.streams.quarantine;

import org.jspecify.annotations.NullMarked;
