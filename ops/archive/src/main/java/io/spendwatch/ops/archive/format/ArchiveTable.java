package io.spendwatch.ops.archive.format;

import static io.spendwatch.ops.archive.format.Column.bytes;
import static io.spendwatch.ops.archive.format.Column.flag;
import static io.spendwatch.ops.archive.format.Column.integer;
import static io.spendwatch.ops.archive.format.Column.number;
import static io.spendwatch.ops.archive.format.Column.share;
import static io.spendwatch.ops.archive.format.Column.text;
import static io.spendwatch.ops.archive.format.Column.time;

import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * What the archive has of each day, with the columns of {@link Manifest#SCHEMA_VERSION}. A change
 * of the database's columns is a new version, and readers know the old ones.
 */
public enum ArchiveTable {
  /** Those with an event time of the day. */
  TRANSACTIONS(
      List.of("user_id", "event_time", "transaction_id"),
      "FROM spendwatch.transactions WHERE event_time >= ? AND event_time < ?",
      List.of(
          text("user_id"),
          time("event_time"),
          text("transaction_id"),
          text("kind"),
          number("amount_minor"),
          text("currency"),
          text("merchant"),
          text("original_transaction_id"),
          number("exposure_minor"),
          number("balance_minor"),
          number("balance_version"),
          text("verdict"),
          integer("kafka_partition"),
          number("kafka_offset"),
          time("ingested_at"),
          number("known_version"))),
  /** Likewise. */
  ALERTS(
      List.of("alert_id"),
      "FROM spendwatch.alerts WHERE event_time >= ? AND event_time < ?",
      List.of(
          text("alert_id"),
          text("type"),
          text("rule"),
          integer("rule_version"),
          text("episode_id"),
          text("user_id"),
          text("transaction_id"),
          number("exposure_minor"),
          number("balance_minor"),
          text("currency"),
          integer("transactions"),
          time("window_start"),
          time("event_time"),
          time("detected_at"),
          flag("late"),
          text("cause"),
          text("revealed_by"),
          text("kafka_topic"),
          integer("kafka_partition"),
          number("kafka_offset"),
          number("partition_seq"),
          number("known_version"))),
  /** The versions of balances that begin within the day. */
  ACCOUNT_VERSIONS(
      List.of("user_id", "as_of", "balance_version"),
      "FROM spendwatch.account_versions WHERE as_of >= ? AND as_of < ?",
      List.of(
          text("user_id"),
          number("balance_version"),
          number("balance_minor"),
          text("currency"),
          time("as_of"),
          time("recorded_at"),
          time("closed_at"),
          number("closed_version"))),
  /** Each account at the end of the day, as it was known when the day was archived. */
  ACCOUNTS(
      List.of("user_id"),
      """
      FROM (SELECT DISTINCT ON (version.user_id)
                   version.user_id, account.username, version.currency, version.balance_minor, version.balance_version,
                   version.as_of, version.closed_at, ends
              FROM (SELECT ?::timestamptz AS begins, ?::timestamptz AS ends) AS day
              JOIN spendwatch.account_versions AS version ON version.as_of < day.ends
              LEFT JOIN spendwatch.accounts AS account ON account.user_id = version.user_id
             ORDER BY version.user_id, version.as_of DESC, version.balance_version DESC) AS last
       WHERE closed_at IS NULL OR closed_at >= ends""",
      List.of(
          text("user_id"),
          text("username"),
          text("currency"),
          number("balance_minor"),
          number("balance_version"),
          time("as_of"))),
  /**
   * What was usual for each user at the begin of the day, by the thirty days before it: nothing of
   * the day itself or later is in it.
   */
  FEATURES(
      List.of("user_id", "currency"),
      """
      FROM (SELECT (?::timestamptz AT TIME ZONE 'UTC')::date AS begins, ?::timestamptz AS ends) AS day
      CROSS JOIN LATERAL spendwatch.user_features_known(day.begins) AS known""",
      List.of(
          text("user_id"),
          text("currency"),
          time("computed_at"),
          number("transactions"),
          integer("days_active"),
          number("daily_spend_avg_minor"),
          number("daily_spend_p90_minor"),
          share("refund_share"),
          text("usual_hours"),
          integer("merchants"),
          text("usual_merchants"))),
  /** The records of the dead-letter topics with a timestamp of the day; not from the database. */
  DEAD_LETTERS(
      List.of("topic", "kafka_partition", "kafka_offset"),
      "",
      List.of(
          text("topic"),
          integer("kafka_partition"),
          number("kafka_offset"),
          time("put_aside_at"),
          text("reason"),
          text("message"),
          bytes("key"),
          bytes("value"),
          text("headers")));

  private final String word;

  /** Copies that nobody can change. */
  @SuppressWarnings("ImmutableEnumChecker")
  private final List<String> key;

  private final String source;

  @SuppressWarnings("ImmutableEnumChecker")
  private final List<Column> columns;

  ArchiveTable(List<String> key, String source, List<Column> columns) {
    this.word = name().toLowerCase(Locale.ROOT);
    this.key = List.copyOf(key);
    this.source = source;
    this.columns = List.copyOf(columns);
  }

  /** Its name in the archive. */
  public String word() {
    return word;
  }

  public List<Column> columns() {
    return columns;
  }

  /** By which a row is known; also what files are sorted by. */
  public List<String> key() {
    return key;
  }

  /** Whether rows of a day may come after the day was archived. */
  public boolean isAddedTo() {
    return switch (this) {
      case TRANSACTIONS, ALERTS, ACCOUNT_VERSIONS -> true;
      case ACCOUNTS, FEATURES, DEAD_LETTERS -> false;
    };
  }

  /** What a warehouse has of a table. */
  public enum Loaded {
    /** The rows of each day, with the day before their key. */
    BY_DAY,
    /** The rows of the newest day. */
    NEWEST,
    /** Nothing. */
    NEVER
  }

  /** What a warehouse has of it. Records that were refused may have anything in them. */
  public Loaded loaded() {
    return switch (this) {
      case TRANSACTIONS, ALERTS, ACCOUNT_VERSIONS, FEATURES -> Loaded.BY_DAY;
      case ACCOUNTS -> Loaded.NEWEST;
      case DEAD_LETTERS -> Loaded.NEVER;
    };
  }

  /** The rows in the database from one instant to before the other. */
  public String select(Instant begin, Instant end) {
    return columns.stream().map(Column::selected).collect(Collectors.joining(", ", "SELECT ", " "))
        + source.replaceFirst("\\?", literal(begin)).replaceFirst("\\?", literal(end));
  }

  private static String literal(Instant time) {
    return "TIMESTAMPTZ '" + time + "'";
  }

  /** Where a column is in a row; −1 for none of that name. */
  public int indexOf(String name) {
    for (int i = 0; i < columns.size(); i++) {
      if (columns.get(i).name().equals(name)) {
        return i;
      }
    }
    return -1;
  }

  public String names() {
    return columns.stream().map(Column::name).collect(Collectors.joining(", "));
  }
}
