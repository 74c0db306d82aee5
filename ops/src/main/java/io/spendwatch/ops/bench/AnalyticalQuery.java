package io.spendwatch.ops.bench;

import io.spendwatch.streams.postgres.SqlText;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Locale;

/** What people and screens ask while transactions come in, and how often in a hundred questions. */
enum AnalyticalQuery {
  USER_HISTORY(86),
  BREACHES_BY_MERCHANT(10),
  HOURLY_VOLUME(2),
  TOP_SPENDERS(2);

  private static final int HUNDRED = 100;

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
      case USER_HISTORY -> Tuple.of(instant, userId);
      case BREACHES_BY_MERCHANT, HOURLY_VOLUME, TOP_SPENDERS -> Tuple.of(instant);
    };
  }

  /** The one that comes at this place of an endless sequence; the rare ones are spread over it. */
  static AnalyticalQuery at(long place) {
    // 37 and 100 have no divisor in common: each hundred holds each number once.
    long number = place * 37 % HUNDRED;
    for (AnalyticalQuery query : values()) {
      number -= query.share;
      if (number < 0) {
        return query;
      }
    }
    throw new IllegalStateException("the shares are not a hundred");
  }
}
