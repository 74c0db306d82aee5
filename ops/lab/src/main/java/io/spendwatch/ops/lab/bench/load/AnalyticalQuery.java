package io.spendwatch.ops.lab.bench.load;

import io.spendwatch.streams.database.SqlText;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Locale;

/**
 * What people and screens ask while transactions come in, and how often in a thousand questions: at
 * fifty a second some 49 look at a user, breaches are shown anew every two seconds, and the two
 * that go through all of the last day come every five seconds each.
 */
enum AnalyticalQuery {
  USER_HISTORY(982),
  BREACHES_BY_MERCHANT(10),
  HOURLY_VOLUME(4),
  TOP_SPENDERS(4);

  private static final int THOUSAND = 1_000;
  private static final int HISTORY_DAYS = 7;

  private final int share;
  private final String sql;

  AnalyticalQuery(int share) {
    this.share = share;
    this.sql = SqlText.load(AnalyticalQuery.class, name().toLowerCase(Locale.ROOT));
  }

  String sql() {
    return sql;
  }

  /**
   * In the order of the statement.
   *
   * @param until up to when it looks
   * @param userId asked for, if it is about one
   */
  Tuple parameters(Instant until, String userId) {
    OffsetDateTime instant = until.atOffset(ZoneOffset.UTC);
    return switch (this) {
      case USER_HISTORY -> Tuple.of(instant, userId, instant.minusDays(HISTORY_DAYS));
      case BREACHES_BY_MERCHANT, HOURLY_VOLUME, TOP_SPENDERS -> Tuple.of(instant);
    };
  }

  /** The one that comes at this place of an endless sequence; the rare ones are spread over it. */
  static AnalyticalQuery at(long place) {
    // 373 and 1,000 have no divisor in common: each thousand holds each number once.
    long number = place * 373 % THOUSAND;
    for (AnalyticalQuery query : values()) {
      number -= query.share;
      if (number < 0) {
        return query;
      }
    }
    throw new IllegalStateException("the shares are not a thousand");
  }
}
