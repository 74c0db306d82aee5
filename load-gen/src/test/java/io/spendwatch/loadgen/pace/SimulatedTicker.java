package io.spendwatch.loadgen.pace;

/** Time that passes only when somebody sleeps or a test says so. */
public final class SimulatedTicker implements Ticker {

  /** Not zero: code must not take it for an epoch. */
  static final long START_NANOS = -5_000_000_000L;

  private long nowNanos = START_NANOS;

  @Override
  public long nanoTime() {
    return nowNanos;
  }

  @Override
  public void sleepUntil(long nanoTime) {
    nowNanos = Math.max(nowNanos, nanoTime);
  }

  void pass(long nanos) {
    nowNanos += nanos;
  }

  double secondsSinceStart() {
    return (nowNanos - START_NANOS) / 1e9;
  }
}
