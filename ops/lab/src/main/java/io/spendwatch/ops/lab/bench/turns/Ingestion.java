package io.spendwatch.ops.lab.bench.turns;

import io.spendwatch.ops.lab.bench.load.OpenLoop;
import io.spendwatch.ops.lab.bench.load.Traffic;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * How a contender keeps up with traffic. For one thread, which it blocks.
 *
 * @param turn whose
 * @param traffic what comes
 */
public record Ingestion(Turn turn, Traffic traffic) {
  private static final long LAG_EVERY_NANOS = TimeUnit.SECONDS.toNanos(1);

  /**
   * What became of traffic at a steady rate.
   *
   * @param perSecond from the first record sent to the last offset committed
   * @param lagRecords not committed, as seen every second while it came
   * @param lagAtEndRecords when the last one had been sent
   * @param behindMillisMax how late a record was sent at most
   */
  public record Steady(
      double perSecond, List<Long> lagRecords, long lagAtEndRecords, double behindMillisMax) {

    /** On the average of that share of the time. */
    public double lagMean(double fromShare, double toShare) {
      return lagRecords
          .subList((int) (fromShare * lagRecords.size()), (int) (toShare * lagRecords.size()))
          .stream()
          .mapToLong(Long::longValue)
          .average()
          .orElse(0);
    }
  }

  /** Sends at that rate for that time, and waits until all of it is committed. */
  public Steady steady(int perSecond, Duration time) {
    long records = perSecond * time.toMillis() / 1_000;
    // What came before does not count.
    double _ = traffic.behindMillisMax();
    long startNanos = System.nanoTime();
    long startMs = System.currentTimeMillis();
    OpenLoop sending =
        OpenLoop.start(
            "injector",
            perSecond,
            records,
            dueNanos ->
                traffic.send(
                    startMs + TimeUnit.NANOSECONDS.toMillis(dueNanos - startNanos), dueNanos));
    List<Long> lagRecords = new ArrayList<>();
    while (!sending.isDone()) {
      lagRecords.add(turn.offsets().behind(turn.offsets().ends()));
      LockSupport.parkNanos(LAG_EVERY_NANOS);
    }
    long _ = sending.join();
    traffic.flush();
    var ends = turn.offsets().ends();
    long lagAtEndRecords = turn.offsets().behind(ends);
    long _ = turn.awaitBehind(ends, 0);
    return new Steady(
        perSecond(records, startNanos), lagRecords, lagAtEndRecords, traffic.behindMillisMax());
  }

  /**
   * Sends what happens now as fast as Kafka takes it, and waits until all of it is committed.
   *
   * @return records a second, from the first one sent to the last offset committed
   */
  public double burst(long records) {
    long startNanos = System.nanoTime();
    traffic.burst(records);
    return ingested(records, startNanos);
  }

  /**
   * The same with what has happened from then on, a millisecond apart.
   *
   * @param fromMs so long ago that all of it is over
   */
  public double past(long records, long fromMs) {
    long startNanos = System.nanoTime();
    traffic.sendPast(records, fromMs);
    return ingested(records, startNanos);
  }

  private double ingested(long records, long startNanos) {
    traffic.flush();
    long _ = turn.awaitBehind(turn.offsets().ends(), 0);
    return perSecond(records, startNanos);
  }

  private static double perSecond(long records, long startNanos) {
    return records / ((System.nanoTime() - startNanos) / 1e9);
  }
}
