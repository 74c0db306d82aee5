package io.spendwatch.ops.lab.bench.load;

import io.spendwatch.streams.database.Database;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * Questions at a steady rate until it is stopped, in turn a complex one and the look at one user;
 * and beside them, ten times a second, how far the roll-ups are behind.
 *
 * <p>The complex ones are queries, or {@link NodeReports}.
 */
public final class HtapLoad {
  private static final int DIGITS = 3;
  private static final double LOOKS_PER_SECOND = 10;
  private static final String BEHIND =
      "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(written_at)), 0)::float8 FROM spendwatch.rollup_feed";

  private final Database simple;
  private final LongFunction<CompletionStage<?>> complex;
  private final String users;
  private final int usersCount;
  private final Histogram complexMicros = new ConcurrentHistogram(DIGITS);
  private final Histogram simpleMicros = new ConcurrentHistogram(DIGITS);
  private final Histogram behindMillis = new ConcurrentHistogram(DIGITS);
  private final AtomicLong refused = new AtomicLong();
  private final AtomicLong asked = new AtomicLong();
  private final List<OpenLoop> loops = new ArrayList<>();

  /**
   * @param simple where the looks at users go
   * @param complex asks one of the others, by its place among them
   * @param users of whom is asked: how their ids begin, a number from 0 follows
   */
  public HtapLoad(
      Database simple, LongFunction<CompletionStage<?>> complex, String users, int usersCount) {
    this.simple = simple;
    this.complex = complex;
    this.users = users;
    this.usersCount = usersCount;
  }

  /**
   * The complex ones as queries.
   *
   * @param isOfRollups whether they are of roll-ups, or of rows
   */
  public static LongFunction<CompletionStage<?>> queries(Database asked, boolean isOfRollups) {
    return place ->
        asked.execute(
            HtapQuery.at(place).sql(isOfRollups), Tuple.of(Instant.now().atOffset(ZoneOffset.UTC)));
  }

  /** Only looks how far the roll-ups are. */
  public void startLooking() {
    loops.add(OpenLoop.start("freshness", LOOKS_PER_SECOND, Long.MAX_VALUE, _ -> look()));
  }

  /** Asks so many questions a second. */
  public void startAsking(double perSecond) {
    loops.add(OpenLoop.start("analysis", perSecond, Long.MAX_VALUE, this::ask));
  }

  /**
   * What came of it.
   *
   * @param refused those that the pool had no room for, or that took too long
   * @param complexMicros from when they were due to the answer
   * @param simpleMicros likewise
   * @param behindMillis how far behind the roll-ups were
   */
  public record Outcome(
      long refused, Histogram complexMicros, Histogram simpleMicros, Histogram behindMillis) {}

  /** Ends it; what is still unanswered does not count. */
  public Outcome stop() {
    loops.forEach(OpenLoop::stop);
    return new Outcome(
        refused.get(), complexMicros.copy(), simpleMicros.copy(), behindMillis.copy());
  }

  private void ask(long dueNanos) {
    long place = asked.getAndIncrement();
    if (place % 2 == 0) {
      count(complex.apply(place / 2), complexMicros, dueNanos);
    } else {
      count(
          simple.execute(
              AnalyticalQuery.USER_HISTORY.sql(),
              AnalyticalQuery.USER_HISTORY.parameters(
                  Instant.now(), users + place * 7919 % usersCount)),
          simpleMicros,
          dueNanos);
    }
  }

  private void count(CompletionStage<?> answer, Histogram tookMicros, long dueNanos) {
    var _ =
        answer.whenComplete(
            (_, failure) -> {
              if (failure == null) {
                tookMicros.recordValue((System.nanoTime() - dueNanos) / 1_000);
              } else {
                refused.incrementAndGet();
              }
            });
  }

  private void look() {
    var _ =
        simple
            .execute(BEHIND, Tuple.tuple())
            .thenAccept(
                rows ->
                    behindMillis.recordValue(
                        Math.max(0, Math.round(rows.iterator().next().getDouble(0) * 1000))));
  }
}
