package io.spendwatch.ops.records;

import io.spendwatch.actors.exposure.Rule;
import io.spendwatch.ops.records.ExposureSeries.Entry;
import io.spendwatch.ops.records.ExposureSeries.Step;
import io.spendwatch.ops.records.ExposureSeries.Version;
import io.spendwatch.protocol.EventTime;
import io.spendwatch.protocol.Money;
import io.spendwatch.streams.database.EventTimes;
import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.database.Statements;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * A user's exposure over time, from the tables. Thread-safe, blocks nobody; what it answers fails
 * where PostgreSQL does, and with {@link BadRangeException} for a time that cannot be shown.
 */
public final class ExposureRecords {
  private static final String FIND_STREAM_TIME = load("find_stream_time");
  private static final String FIND_SPAN = load("find_span");
  private static final String READ_ENTRIES = load("read_entries");
  private static final String READ_VERSIONS = load("read_versions");
  private static final String READ_EPISODES = load("read_episodes");

  private static final Duration WINDOW = Rule.EXPOSURE_24H.window();

  /** Few table partitions have to be looked through for it. */
  private static final Duration RECENT = Duration.ofDays(3);

  /** How much is shown where nobody says. */
  private static final Duration SHOWN = Duration.ofDays(2);

  /** How much at most. */
  public static final Duration SPAN_MAX = Duration.ofDays(31);

  /** Points, and balances, of an answer. */
  public static final int POINTS_MAX = 2_000;

  private static final int EPISODES_MAX = 2_000;

  /** Instants with transactions, or versions, that are read: some 20 MB. */
  private static final int ROWS_MAX = 200_000;

  private final Statements database;

  /**
   * @param database the analytical pool
   */
  public ExposureRecords(Statements database) {
    this.database = database;
  }

  private record Span(Instant from, Instant to) {}

  /**
   * The exposure from one instant to another, both of them in.
   *
   * @param from null for 48 h before the end
   * @param to null for the user's stream time, and at most 24 h past the last transaction, by when
   *     all has left the window
   * @return empty for who has neither account nor transactions
   */
  public CompletionStage<Optional<Exposure>> read(String userId, Instant from, Instant to) {
    return span(userId)
        .thenCompose(
            row -> {
              Instant last = instant(row, 0);
              Instant since = instant(row, 2);
              if (last == null && since == null) {
                return CompletableFuture.completedFuture(Optional.empty());
              }
              Instant end = to == null ? end(last, instant(row, 1), since) : to;
              Span span = new Span(from == null ? end.minus(SHOWN) : from, end);
              check(span);
              return read(userId, span).thenApply(Optional::of);
            });
  }

  /** What is known of the user: within the last days at first, where most have something. */
  private CompletionStage<Row> span(String userId) {
    return database
        .read(FIND_STREAM_TIME, Tuple.tuple())
        .thenCompose(
            rows -> {
              Instant streamTime = instant(rows.iterator().next(), 0);
              return streamTime == null
                  ? span(userId, Place.BEFORE_ALL)
                  : span(userId, streamTime.minus(RECENT))
                      .thenCompose(
                          row ->
                              row.getOffsetDateTime(0) == null
                                  ? span(userId, Place.BEFORE_ALL)
                                  : CompletableFuture.completedFuture(row));
            });
  }

  private CompletionStage<Row> span(String userId, Instant after) {
    return database
        .read(FIND_SPAN, Tuple.of(userId, Place.time(after)))
        .thenApply(rows -> rows.iterator().next());
  }

  private static Instant end(Instant last, Instant streamTime, Instant accountSince) {
    if (last == null) {
      return streamTime == null || streamTime.isBefore(accountSince) ? accountSince : streamTime;
    }
    if (streamTime == null || streamTime.isBefore(last)) {
      return last;
    }
    Instant empty = last.plus(WINDOW);
    return streamTime.isBefore(empty) ? streamTime : empty;
  }

  private static void check(Span span) {
    if (!span.from().isBefore(span.to())) {
      throw new BadRangeException(
          "from: "
              + EventTime.format(span.from().toEpochMilli())
              + " (expected: before to, "
              + EventTime.format(span.to().toEpochMilli())
              + ")");
    }
    if (Duration.between(span.from(), span.to()).compareTo(SPAN_MAX) > 0) {
      throw new BadRangeException(
          "from, to: more than " + SPAN_MAX.toDays() + " days (expected: a shorter time)");
    }
  }

  private CompletionStage<Exposure> read(String userId, Span span) {
    CompletableFuture<List<Entry>> entries = entries(userId, span).toCompletableFuture();
    CompletableFuture<List<Version>> versions = versions(userId, span).toCompletableFuture();
    CompletableFuture<List<Exposure.Episode>> episodes =
        episodes(userId, span).toCompletableFuture();
    return CompletableFuture.allOf(entries, versions, episodes)
        .thenApply(_ -> exposure(userId, span, entries.join(), versions.join(), episodes.join()));
  }

  private CompletionStage<List<Entry>> entries(String userId, Span span) {
    return database
        .read(
            READ_ENTRIES,
            Tuple.of(
                userId, Place.time(span.from().minus(WINDOW)), Place.time(span.to()), ROWS_MAX + 1))
        .thenApply(
            rows -> {
              checkRows(rows.size());
              List<Entry> entries = new ArrayList<>(rows.size());
              rows.forEach(
                  row -> entries.add(new Entry(ms(row, 0), row.getString(1), row.getLong(2))));
              return entries;
            });
  }

  private CompletionStage<List<Version>> versions(String userId, Span span) {
    return database
        .read(
            READ_VERSIONS,
            Tuple.of(userId, Place.time(span.from()), Place.time(span.to()), ROWS_MAX + 1))
        .thenApply(
            rows -> {
              checkRows(rows.size());
              List<Version> versions = new ArrayList<>(rows.size());
              rows.forEach(
                  row -> {
                    String currency = row.getString(1);
                    versions.add(new Version(ms(row, 0), currency, row.getLong(2)));
                    if (row.getOffsetDateTime(3) != null) {
                      versions.add(new Version(ms(row, 3), currency, null));
                    }
                  });
              versions.sort(Comparator.comparingLong(Version::asOfMs));
              return versions;
            });
  }

  private static void checkRows(int rows) {
    if (rows > ROWS_MAX) {
      throw new BadRangeException(
          "from, to: more than " + ROWS_MAX + " changes in that time (expected: a shorter time)");
    }
  }

  private CompletionStage<List<Exposure.Episode>> episodes(String userId, Span span) {
    return database
        .read(
            READ_EPISODES,
            Tuple.of(userId, Place.time(span.from()), Place.time(span.to()), EPISODES_MAX))
        .thenApply(
            rows -> {
              List<Exposure.Episode> episodes = new ArrayList<>(rows.size());
              rows.forEach(row -> episodes.add(episode(row)));
              return episodes;
            });
  }

  private static Exposure.Episode episode(Row row) {
    String currency = row.getString(8);
    return new Exposure.Episode(
        row.getString(0),
        EventTime.format(ms(row, 1)),
        row.getOffsetDateTime(2) == null ? null : EventTime.format(ms(row, 2)),
        row.getString(3),
        row.getString(4),
        row.getString(5),
        Money.format(row.getLong(6), currency),
        Money.format(row.getLong(7), currency),
        currency,
        row.getBoolean(9),
        row.getString(10));
  }

  private static Exposure exposure(
      String userId,
      Span span,
      List<Entry> entries,
      List<Version> versions,
      List<Exposure.Episode> episodes) {
    List<Step> steps =
        new ExposureSeries(entries, versions)
            .steps(span.from().toEpochMilli(), span.to().toEpochMilli());
    String currency = steps.getLast().currency();
    List<Step> exposures = changes(steps, (step, before) -> !step.isSeenAs(before), true);
    List<Step> balances = changes(steps, (step, before) -> !step.hasSameBalance(before), false);
    List<Step> shown = Thinning.thinned(exposures, POINTS_MAX, Step::exposureMinor);
    List<Step> shownBalances =
        Thinning.thinned(
            balances, POINTS_MAX, step -> step.balanceMinor() == null ? 0 : step.balanceMinor());
    return new Exposure(
        userId,
        currency,
        EventTime.format(span.from().toEpochMilli()),
        EventTime.format(span.to().toEpochMilli()),
        shown.size() < exposures.size() || shownBalances.size() < balances.size(),
        shown.stream().map(step -> point(step, currency)).toList(),
        shownBalances.stream()
            .filter(step -> step.currency() != null)
            .map(step -> balance(step, currency))
            .toList(),
        episodes);
  }

  private interface Change {
    boolean between(Step step, Step before);
  }

  /** The first, what changes, and the last one if that is wanted. */
  private static List<Step> changes(List<Step> steps, Change change, boolean keepsLast) {
    List<Step> changes = new ArrayList<>();
    for (int i = 0; i < steps.size(); i++) {
      if (i == 0
          || (keepsLast && i == steps.size() - 1)
          || change.between(steps.get(i), steps.get(i - 1))) {
        changes.add(steps.get(i));
      }
    }
    return changes;
  }

  private static Exposure.Point point(Step step, String currency) {
    return new Exposure.Point(
        EventTime.format(step.atMs()),
        step.currency() == null ? "0" : Money.format(step.exposureMinor(), step.currency()),
        Objects.equals(step.currency(), currency) ? null : step.currency());
  }

  private static Exposure.Balance balance(Step step, String currency) {
    return new Exposure.Balance(
        EventTime.format(step.atMs()),
        step.balanceMinor() == null ? null : Money.format(step.balanceMinor(), step.currency()),
        step.currency().equals(currency) ? null : step.currency());
  }

  private static Instant instant(Row row, int column) {
    return row.getOffsetDateTime(column) == null ? null : row.getOffsetDateTime(column).toInstant();
  }

  private static long ms(Row row, int column) {
    return EventTimes.toMs(row.getOffsetDateTime(column));
  }

  private static String load(String name) {
    return SqlText.load(ExposureRecords.class, name);
  }
}
