package io.spendwatch.loadgen.pace;

/** When each of a sequence of records is due. For one thread. */
public interface Pace {

  /**
   * Returns when the next record is due. One that is overdue is due at once, so that a pause in
   * between is made up for.
   *
   * @param eventTimeMs the record's event time, milliseconds since the epoch
   */
  void awaitTurn(long eventTimeMs);

  /** As fast as the receiver takes them. */
  static Pace unlimited() {
    return _ -> {};
  }

  /** Evenly, so many a second. */
  static Pace perSecond(double rate, Ticker ticker) {
    return new Pace() {
      private final long startNanos = ticker.nanoTime();
      private long records;

      @Override
      public void awaitTurn(long eventTimeMs) {
        ticker.sleepUntil(startNanos + (long) (records * 1e9 / rate));
        records++;
      }
    };
  }

  /** As far apart as their event times, divided by the factor. */
  static Pace speedup(double factor, Ticker ticker) {
    return new Pace() {
      private final long startNanos = ticker.nanoTime();
      private long firstMs = Long.MIN_VALUE;

      @Override
      public void awaitTurn(long eventTimeMs) {
        if (firstMs == Long.MIN_VALUE) {
          firstMs = eventTimeMs;
        }
        ticker.sleepUntil(startNanos + (long) ((eventTimeMs - firstMs) * 1e6 / factor));
      }
    };
  }
}
