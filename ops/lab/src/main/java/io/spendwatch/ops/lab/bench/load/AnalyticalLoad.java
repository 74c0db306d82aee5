package io.spendwatch.ops.lab.bench.load;

import io.spendwatch.streams.database.Database;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/** Asks {@link AnalyticalQuery}s at a steady rate over one pool until it is stopped. */
public final class AnalyticalLoad {
  private static final int DIGITS = 3;

  private final Database database;
  private final OpenLoop loop;
  private final Histogram tookMicros = new ConcurrentHistogram(DIGITS);
  private final AtomicLong refused = new AtomicLong();
  private final AtomicLong asked = new AtomicLong();
  private final String users;
  private final int usersCount;

  private AnalyticalLoad(Database database, double perSecond, String users, int usersCount) {
    this.database = database;
    this.users = users;
    this.usersCount = usersCount;
    this.loop = OpenLoop.start("analysis", perSecond, Long.MAX_VALUE, this::ask);
  }

  /**
   * Begins.
   *
   * @param users of whom it asks: how their ids begin, a number from 0 follows
   */
  public static AnalyticalLoad start(
      Database database, double perSecond, String users, int usersCount) {
    return new AnalyticalLoad(database, perSecond, users, usersCount);
  }

  /**
   * What came of it.
   *
   * @param answered questions
   * @param refused those that the pool had no room for
   * @param tookMicros from when they were due to the answer
   */
  public record Outcome(long answered, long refused, Histogram tookMicros) {}

  /** Ends it; what is still unanswered does not count. */
  public Outcome stop() {
    loop.stop();
    return new Outcome(tookMicros.getTotalCount(), refused.get(), tookMicros);
  }

  private void ask(long dueNanos) {
    long place = asked.getAndIncrement();
    AnalyticalQuery query = AnalyticalQuery.at(place);
    var _ =
        database
            .execute(
                query.sql(), query.parameters(Instant.now(), users + place * 7919 % usersCount))
            .whenComplete(
                (_, failure) -> {
                  if (failure == null) {
                    tookMicros.recordValue((System.nanoTime() - dueNanos) / 1_000);
                  } else {
                    refused.incrementAndGet();
                  }
                });
  }
}
