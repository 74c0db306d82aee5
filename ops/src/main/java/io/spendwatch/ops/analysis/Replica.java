package io.spendwatch.ops.analysis;

import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.database.PgFailure;
import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.database.Statements;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/**
 * A physical replica of the primary, and how far it is behind: by places in the log, since the time
 * of the last commit that it has replayed grows while nobody commits anything. For any thread;
 * blocks nobody.
 */
public final class Replica {
  private static final String PRIMARY_PLACE = SqlText.load(Replica.class, "primary_place");
  private static final String REPLICA_PLACE = SqlText.load(Replica.class, "replica_place");
  private static final Duration LOOK_AGAIN = Duration.ofMillis(20);

  /** Of the log: each begins with a header, after which an idle primary's place stands. */
  private static final int PAGE_BYTES = 8192;

  private static final int PAGE_HEADER_BYTES = 24;
  private static final int SEGMENT_HEADER_BYTES = 40;

  private final Database database;
  private final Statements primary;

  /** How it stands. */
  public sealed interface Standing {
    /**
     * It follows the primary.
     *
     * @param asOf all that was committed before this moment of the primary's is in it
     * @param lag how old that is
     * @param lagBytes of the log that it lacks; while the primary does not answer, of what it has
     *     received
     * @param place in the log that it has replayed
     * @param isPaused whether somebody has told it to replay no more
     */
    record Follows(Instant asOf, Duration lag, long lagBytes, long place, boolean isPaused)
        implements Standing {}

    /** Nobody is answered from it, and why. */
    record Unusable(String reason) implements Standing {}
  }

  /** Where the primary is; its answer is what holds, since it may be away. */
  private record Primary(long place, Instant at, long system) {
    static Primary of(RowSet<Row> rows) {
      Row row = rows.iterator().next();
      return new Primary(
          withoutHeader(row.getLong("place")),
          row.getOffsetDateTime("at").toInstant(),
          row.getLong("system"));
    }
  }

  /**
   * @param database the replica's
   * @param primary the primary's
   */
  public Replica(Database database, Statements primary) {
    this.database = database;
    this.primary = primary;
  }

  /** Its connections. */
  Database database() {
    return database;
  }

  /** How it stands now; never fails. */
  public CompletionStage<Standing> look() {
    return primary
        .execute(PRIMARY_PLACE, Tuple.tuple())
        .handle((rows, failure) -> Optional.ofNullable(rows).map(Primary::of))
        .thenCompose(
            there ->
                database
                    .execute(REPLICA_PLACE, Tuple.tuple())
                    .thenApply(rows -> standing(there, rows.iterator().next())))
        .exceptionally(failure -> new Standing.Unusable(PgFailure.describe(Retry.cause(failure))));
  }

  /**
   * How it stands once it has replayed the log up to a place, or when that has taken too long.
   *
   * @param place in bytes
   * @param patience how long is waited
   */
  CompletionStage<Standing> lookAt(long place, Duration patience) {
    long recordsEnd = withoutHeader(place);
    return look()
        .thenCompose(
            standing ->
                switch (standing) {
                  case Standing.Follows follows
                      when follows.place() < recordsEnd && patience.isPositive() ->
                      again(place, patience.minus(LOOK_AGAIN));
                  case Standing.Follows follows when follows.place() < recordsEnd ->
                      CompletableFuture.completedFuture(
                          new Standing.Unusable("it has not replayed the log up to there in time"));
                  case Standing.Follows _, Standing.Unusable _ ->
                      CompletableFuture.completedFuture(standing);
                });
  }

  private CompletionStage<Standing> again(long place, Duration patience) {
    return CompletableFuture.supplyAsync(
            () -> lookAt(place, patience),
            CompletableFuture.delayedExecutor(LOOK_AGAIN.toMillis(), TimeUnit.MILLISECONDS))
        .thenCompose(look -> look);
  }

  private static Standing standing(Optional<Primary> primary, Row row) {
    if (!row.getBoolean("is_replica")) {
      return new Standing.Unusable(
          "it is no replica (any more): somebody has promoted it, and it goes its own way");
    }
    if (primary.isPresent() && primary.get().system() != row.getLong("system")) {
      return new Standing.Unusable("it is a replica of another server");
    }
    Long replayed = row.getLong("place");
    Long received = row.getLong("received");
    OffsetDateTime replayedTo = row.getOffsetDateTime("replayed_to");
    if (replayed == null) {
      return new Standing.Unusable("it has replayed nothing yet");
    }
    boolean isPaused = row.getBoolean("is_paused");
    if (primary.isPresent() && replayed >= primary.get().place()) {
      return new Standing.Follows(primary.get().at(), Duration.ZERO, 0, replayed, isPaused);
    }
    if (replayedTo == null) {
      return new Standing.Unusable("it has replayed no commit yet");
    }
    Instant asOf = replayedTo.toInstant();
    // By the primary's clock, which has dated the commits, where it answers.
    Instant now = primary.map(Primary::at).orElse(row.getOffsetDateTime("at").toInstant());
    long known =
        primary.map(Primary::place).orElse(received == null ? replayed : withoutHeader(received));
    Duration lag = Duration.between(asOf, now);
    return new Standing.Follows(
        asOf,
        lag.isNegative() ? Duration.ZERO : lag,
        Math.max(0, known - replayed),
        replayed,
        isPaused);
  }

  /** The end of the last record: a primary at the beginning of a page has written nothing there. */
  private static long withoutHeader(long place) {
    long inPage = place % PAGE_BYTES;
    return inPage == PAGE_HEADER_BYTES || inPage == SEGMENT_HEADER_BYTES ? place - inPage : place;
  }

  /**
   * A place in the log, in bytes.
   *
   * @param text as PostgreSQL writes it: {@code 16/B374D848}
   * @throws IllegalArgumentException if it is none
   */
  public static long place(String text) {
    if (!text.matches("[0-9A-Fa-f]{1,8}/[0-9A-Fa-f]{1,8}")) {
      throw new IllegalArgumentException(
          "expected: a place in the log, such as 16/B374D848 (pg_current_wal_flush_lsn())");
    }
    int slash = text.indexOf('/');
    return Long.parseLong(text.substring(0, slash), 16) << 32
        | Long.parseLong(text.substring(slash + 1), 16);
  }

  /** For people: how far behind it is. */
  static String shown(Standing.Follows follows) {
    return String.format(
        Locale.ROOT,
        "%d ms and %,d bytes behind%s",
        follows.lag().toMillis(),
        follows.lagBytes(),
        follows.isPaused() ? ", its replay is paused" : "");
  }
}
