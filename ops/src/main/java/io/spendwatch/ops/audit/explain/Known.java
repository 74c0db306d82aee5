package io.spendwatch.ops.audit.explain;

import java.time.Instant;

/**
 * Which transactions of a user were known when something was decided. A user's records are assessed
 * in the order in which they arrive.
 *
 * @param stays where the user has been at home
 * @param arrivalMax those up to this arrival
 * @param batchLeftOut but not those of the batch whose rows were written at this instant, by the
 *     database server's clock; null where none is left out
 */
record Known(Stays stays, long arrivalMax, Instant batchLeftOut) {
  /** All that are stored now. */
  static final Known ALL = new Known(Stays.ONE, Long.MAX_VALUE, null);

  static Known upTo(Stays stays, long arrival) {
    return new Known(stays, arrival, null);
  }
}
