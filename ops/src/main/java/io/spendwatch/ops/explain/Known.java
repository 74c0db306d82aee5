package io.spendwatch.ops.explain;

import java.time.Instant;

/**
 * Which transactions of a user were known when something was decided. A user's records are judged
 * in the order of their offsets.
 *
 * @param offsetMax those up to this offset
 * @param batchLeftOut but not those of the batch that was judged at this instant; null where none
 *     is left out
 */
record Known(long offsetMax, Instant batchLeftOut) {
  /** All that are stored now. */
  static final Known ALL = new Known(Long.MAX_VALUE, null);

  static Known upTo(long offset) {
    return new Known(offset, null);
  }
}
