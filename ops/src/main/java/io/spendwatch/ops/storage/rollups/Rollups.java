package io.spendwatch.ops.storage.rollups;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.storage.session.Session;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.database.SqlText;
import io.vertx.sqlclient.Row;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Adds to the roll-ups what has been written since.
 *
 * <pre>
 *   write_ledger: rows + a note where they are ──▶ rollup_feed
 *   a step, one transaction: take the oldest notes away ─▶ read their rows ─▶ add them to each roll-up
 * </pre>
 *
 * <p>So in every snapshot a roll-up is exactly what follows from the rows that no note names,
 * whatever crashes when; what it promises of the tables is in V0060__rollups.sql. A step reads a
 * bounded number of rows where they were put, through no index: what it costs does not grow with
 * what is stored. One is at work at a time in a database; nobody who writes waits for it.
 *
 * <p>Thread-safe; blocks the thread that asks for something. Throws {@link OperatorException} where
 * PostgreSQL fails; then that step has not happened.
 */
public final class Rollups {
  private static final Logger LOG = LoggerFactory.getLogger(Rollups.class);

  /** Of the advisory lock that lets one be at work. */
  static final long LOCK = 0x5350454E44524F4CL;

  /** Notes that a step looks at. */
  private static final int NOTES_MAX = 2000;

  /** Partitions of the table that a step reads from: each is a part of its statement. */
  private static final int RELATIONS_MAX = 16;

  private static final String FIND_WORK = SqlText.load(Rollups.class, "find_work");
  private static final String READ_FEED = SqlText.load(Rollups.class, "read_feed");
  private static final String READ_ROLLUPS = SqlText.load(Rollups.class, "read_rollups");
  private static final String READ_LAG = SqlText.load(Rollups.class, "read_lag");
  private static final String NEW_ALERTS = SqlText.load(Rollups.class, "new_alerts");
  private static final String PART = SqlText.load(Rollups.class, "part");
  private static final String FINER_MONTHS = SqlText.load(Rollups.class, "finer_months");
  private static final String FINER_PART = SqlText.load(Rollups.class, "finer_part");

  private static final String COLUMNS =
      "t.user_id, t.event_time, t.transaction_id, t.kind, t.amount_minor, t.currency, t.merchant,"
          + " t.exposure_minor, t.balance_minor, t.verdict, t.kafka_partition, t.kafka_offset,"
          + " t.ingested_at";

  /** What goes into a statement as the name of a table or column. */
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]{0,50}");

  /** The files of the roll-ups, by name; empty for one that this version does not have. */
  private static final Map<String, Optional<String>> FILES = new ConcurrentHashMap<>();

  private final Database database;
  private final int rowsAtOnce;

  /**
   * What has been added.
   *
   * @param transactions rows
   * @param alerts rows
   * @param isAll whether nothing was left; false too where another one is at work
   */
  public record Added(long transactions, long alerts, boolean isAll) {
    static final Added NOTHING = new Added(0, 0, true);
    static final Added BY_OTHERS = new Added(0, 0, false);

    Added and(Added more) {
      return new Added(
          transactions + more.transactions(), alerts + more.alerts(), isAll && more.isAll());
    }
  }

  /**
   * How a roll-up is.
   *
   * @param name of its table
   * @param isBuilt whether what was stored before it is in it
   * @param lagSeconds how long the oldest row is there that is not in it
   */
  public record State(String name, boolean isBuilt, double lagSeconds) {}

  /**
   * A roll-up of the database.
   *
   * @param madeOf the finer one that it is built of; empty where it is built of rows
   */
  private record Rollup(
      String name,
      Optional<String> timeColumn,
      boolean isBuilt,
      Optional<String> madeOf,
      String file) {}

  /** Rows of one partition of the table, by where they were put. */
  private record Stretch(
      long relation,
      List<Long> noteIds,
      String firstPlace,
      String lastPlace,
      OffsetDateTime firstEventTime,
      OffsetDateTime lastEventTime,
      long transactions) {}

  /**
   * @param database may write roll-ups
   * @param rowsAtOnce transactions of a step, about
   */
  public Rollups(Database database, int rowsAtOnce) {
    this.database = database;
    this.rowsAtOnce = rowsAtOnce;
  }

  /**
   * Adds what is new, step by step.
   *
   * @param goesOn asked before each step; the first one is done in any case
   */
  public Added keep(BooleanSupplier goesOn) {
    if (!new Session(database).one(FIND_WORK).getBoolean(0)) {
      return Added.NOTHING;
    }
    return Session.pinned(database, session -> keep(session, goesOn));
  }

  private Added keep(Session session, BooleanSupplier goesOn) {
    if (!session.one("SELECT pg_try_advisory_lock($1)", LOCK).getBoolean(0)) {
      return Added.BY_OTHERS;
    }
    List<Rollup> rollups = rollups(session);
    for (Rollup rollup : rollups) {
      if (!rollup.isBuilt()) {
        build(session, rollup, rollups);
      }
    }
    Added sum = Added.NOTHING;
    do {
      sum = sum.and(session.inTransaction(() -> step(session, rollups)));
      if (!session.one(FIND_WORK).getBoolean(0)) {
        return sum;
      }
    } while (goesOn.getAsBoolean());
    return new Added(sum.transactions(), sum.alerts(), false);
  }

  private Added step(Session session, List<Rollup> rollups) {
    List<Stretch> stretches = new ArrayList<>();
    for (Row row : session.query(READ_FEED, (long) rowsAtOnce, NOTES_MAX, RELATIONS_MAX)) {
      stretches.add(
          new Stretch(
              row.getLong("relation"),
              List.of(row.getArrayOfLongs("note_ids")),
              row.getString("first_place"),
              row.getString("last_place"),
              row.getOffsetDateTime("first_event_time"),
              row.getOffsetDateTime("last_event_time"),
              row.getLong("transactions")));
    }
    long noted = stretches.stream().mapToLong(Stretch::transactions).sum();
    String savepoint = "SAVEPOINT by_place";
    session.query(savepoint);
    Added added = add(session, rollups, stretches, true);
    if (added.transactions() == noted) {
      return added;
    }
    // Days have been merged, or somebody has written the table anew: they are where they are.
    session.query("ROLLBACK TO " + savepoint.substring("SAVEPOINT ".length()));
    added = add(session, rollups, stretches, false);
    if (added.transactions() != noted) {
      LOG.atWarn()
          .addKeyValue("noted", noted)
          .addKeyValue("found", added.transactions())
          .log("Transactions that were to be added to the roll-ups are not there (any more)");
    }
    return added;
  }

  private static Added add(
      Session session, List<Rollup> rollups, List<Stretch> stretches, boolean byPlace) {
    List<Object> values = new ArrayList<>();
    values.add(
        stretches.stream().flatMap(stretch -> stretch.noteIds().stream()).toArray(Long[]::new));
    for (Stretch stretch : stretches) {
      values.add(stretch.relation());
      values.add(stretch.firstEventTime());
      values.add(stretch.lastEventTime());
      if (byPlace) {
        values.add(stretch.firstPlace());
        values.add(stretch.lastPlace());
      }
    }
    Row counted =
        session.one(statement(rollups, stretches.size(), byPlace), values.toArray(Object[]::new));
    return new Added(counted.getLong(0), counted.getLong(1), true);
  }

  /** A text for each number of stretches, so that it is kept prepared; no value is in it. */
  private static String statement(List<Rollup> rollups, int stretches, boolean byPlace) {
    StringBuilder rows = new StringBuilder();
    int parameter = 2;
    for (int i = 0; i < stretches; i++) {
      rows.append(i == 0 ? "" : "\n   UNION ALL\n  ");
      rows.append(
          String.format(
              Locale.ROOT,
              "SELECT %1$s FROM spendwatch.transactions AS t"
                  + " WHERE t.event_time >= $%3$d AND t.event_time <= $%4$d%5$s"
                  + " AND EXISTS (SELECT FROM taken WHERE taken.relation = $%2$d::bigint::oid"
                  + " AND taken.written_at = t.ingested_at AND t.kafka_partition = ANY (taken.kafka_partitions))",
              COLUMNS,
              parameter,
              parameter + 1,
              parameter + 2,
              byPlace
                  ? String.format(
                      Locale.ROOT,
                      " AND t.ctid >= $%d::text::tid AND t.ctid <= $%d::text::tid",
                      parameter + 3,
                      parameter + 4)
                  : ""));
      parameter += byPlace ? 5 : 3;
    }
    if (stretches == 0) {
      rows.append("SELECT ")
          .append(COLUMNS)
          .append(" FROM spendwatch.transactions AS t WHERE false");
    }
    return "WITH taken AS (\n"
        + "  DELETE FROM spendwatch.rollup_feed WHERE note_id = ANY ($1)\n"
        + "  RETURNING written_at, kafka_partitions, relation\n"
        + "), new_row AS MATERIALIZED (\n  "
        + rows
        + "\n),\n"
        + NEW_ALERTS
        + rollups.stream().map(rollup -> ",\n" + rollup.file()).collect(Collectors.joining())
        + "SELECT (SELECT count(*) FROM new_row), (SELECT count(*) FROM new_alert)";
  }

  /** How each one is. */
  public List<State> states() {
    List<State> states = new ArrayList<>();
    for (Row row : new Session(database).query(READ_LAG)) {
      states.add(
          new State(row.getString("name"), row.getBoolean("built"), row.getDouble("lag_seconds")));
    }
    return states;
  }

  /**
   * Counts one anew, from all rows, while they come, and then those that are made of it. Whoever
   * reads sees the old figures of a part (the rows of one partition of the table; a month, of one
   * that is made of another; of a roll-up without a time, all of it) until the new ones are
   * complete.
   *
   * @throws OperatorException if there is none of that name
   */
  public void rebuild(String name) {
    boolean done =
        Session.pinned(
            database,
            session -> {
              var _ = session.query("SELECT pg_advisory_lock($1)", LOCK);
              List<Rollup> rollups = rollups(session);
              List<Rollup> asked =
                  rollups.stream()
                      .filter(
                          each ->
                              each.name().equals(name)
                                  || each.madeOf().filter(name::equals).isPresent())
                      .toList();
              asked.forEach(each -> build(session, each, rollups));
              return !asked.isEmpty();
            });
    if (!done) {
      throw new OperatorException(
          "there is no roll-up of that name (expected: "
              + states().stream().map(State::name).collect(Collectors.joining(", "))
              + ")");
    }
  }

  /**
   * @param all comes with what it is made of, which is built
   */
  private void build(Session session, Rollup rollup, List<Rollup> all) {
    LOG.atInfo().addKeyValue("rollup", rollup.name()).log("Building a roll-up from all rows");
    if (rollup.madeOf().isPresent()) {
      Rollup finer =
          all.stream()
              .filter(each -> each.name().equals(rollup.madeOf().get()))
              .findFirst()
              .orElseThrow();
      for (Row month : months(session, rollup, finer)) {
        session.inTransaction(
            () -> {
              clear(session, rollup, month);
              count(session, ofFiner(FINER_PART, finer), rollup, month);
              return true;
            });
      }
    } else if (rollup.timeColumn().isPresent()) {
      for (Row part : parts(session)) {
        session.inTransaction(
            () -> {
              clear(session, rollup, part);
              count(session, PART, rollup, part);
              return true;
            });
      }
    } else {
      session.inTransaction(
          () -> {
            SqlText.statements(SqlText.load(Rollups.class, "reset_" + rollup.name()))
                .forEach(session::query);
            // The newest first: of what is known by then, nothing is written again.
            for (Row part : parts(session).reversed()) {
              count(session, PART, rollup, part);
            }
            return true;
          });
    }
    session.query("UPDATE spendwatch.rollups SET built = true WHERE name = $1", rollup.name());
    LOG.atInfo().addKeyValue("rollup", rollup.name()).log("Built a roll-up from all rows");
  }

  private static List<Row> parts(Session session) {
    List<Row> parts = new ArrayList<>();
    session
        .query(
            "SELECT begins::text, ends::text FROM spendwatch.rollup_parts() ORDER BY rollup_parts.begins")
        .forEach(parts::add);
    return parts;
  }

  private static Collection<Row> months(Session session, Rollup rollup, Rollup finer) {
    List<Row> months = new ArrayList<>();
    session
        .query(
            ofFiner(FINER_MONTHS, finer)
                .replace("{coarser}", rollup.name())
                .replace("{coarser_time}", rollup.timeColumn().orElseThrow()))
        .forEach(months::add);
    return months;
  }

  private static String ofFiner(String template, Rollup finer) {
    return template
        .replace("{finer}", finer.name())
        .replace("{finer_time}", finer.timeColumn().orElseThrow());
  }

  private static void clear(Session session, Rollup rollup, Row part) {
    session.query(
        String.format(
            Locale.ROOT,
            "DELETE FROM spendwatch.%1$s WHERE %2$s >= $1::text::timestamptz AND %2$s < $2::text::timestamptz",
            rollup.name(),
            rollup.timeColumn().orElseThrow()),
        part.getString(0),
        part.getString(1));
  }

  /**
   * @param source what of the part is to be added
   */
  private static void count(Session session, String source, Rollup rollup, Row part) {
    session.query(
        "WITH "
            + source.replace("$1", "$1::text::timestamptz").replace("$2", "$2::text::timestamptz")
            + ",\n"
            + rollup.file()
            + "SELECT 1",
        part.getString(0),
        part.getString(1));
  }

  /**
   * Those of the database.
   *
   * @throws OperatorException if this version does not know one of them: what it takes from the
   *     feed would be missing there
   */
  private static List<Rollup> rollups(Session session) {
    List<Rollup> rollups = new ArrayList<>();
    for (Row row : session.query(READ_ROLLUPS)) {
      String name = row.getString("name");
      Optional<String> timeColumn = Optional.ofNullable(row.getString("time_column"));
      if (!NAME.matcher(name).matches()
          || timeColumn.filter(column -> !NAME.matcher(column).matches()).isPresent()) {
        throw new OperatorException("spendwatch.rollups names what no table can be called");
      }
      String file =
          file(name)
              .orElseThrow(
                  () ->
                      new OperatorException(
                          "this version does not keep roll-up "
                              + name
                              + ", which a later one has added: nodes of that one keep them"));
      rollups.add(
          new Rollup(
              name,
              timeColumn,
              row.getBoolean("built"),
              Optional.ofNullable(row.getString("made_of")),
              file));
    }
    return rollups;
  }

  private static Optional<String> file(String name) {
    return FILES.computeIfAbsent(
        name,
        _ ->
            Rollups.class.getResource(name + ".sql") == null
                ? Optional.empty()
                : Optional.of(SqlText.load(Rollups.class, name)));
  }
}
