package io.spendwatch.ops.audit;

import io.spendwatch.actors.exposure.Rule;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.audit.AuditReport.Mode;
import io.spendwatch.ops.audit.windows.AwakeWindows;
import io.spendwatch.ops.storage.session.Session;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.kafka.KafkaConfig;
import io.vertx.sqlclient.Row;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * The audit: recomputes in SQL, from the rows alone, what each row's exposure and verdict, each
 * alert, and each window in memory must be, and finds what is different. It shares no code with
 * what it audits but the codec of the topic.
 *
 * <p>A run looks at what is settled: what lies below the group's committed offsets, read before the
 * tables are. All of that is durable and published, so what is missing is missing, whenever the
 * tables are looked at. It works on connections of a pool of its own, one for what is new and a few
 * side by side for all that is stored, in a transaction for each share of the users: an old
 * snapshot keeps the database from clearing up behind the writers. One runs at a time in a
 * database. A run that fails has assessed nothing, and the next one begins where it did: all that
 * is to be kept is written in the last transaction.
 *
 * <p>Thread-safe; each run blocks the thread that asks for it.
 */
public final class Reconciliation {
  /** Of the advisory lock that lets one run at a time; who holds it keeps runs away. */
  public static final long LOCK = 0x5350454E44415544L;

  private static final Duration WINDOW = Rule.EXPOSURE_24H.window();

  /**
   * A partition goes as a whole, once all of it is old, with the next look after the partitions.
   */
  private static final Duration REMOVAL = Duration.ofDays(32);

  /** What is done for the users in scope, in this order. */
  static final List<String> STEPS = List.of("rows", "balances", "told", "points", "episodes");

  private final Database database;
  private final KafkaConfig kafka;
  private final AuditConfig config;
  private final Optional<Duration> retention;
  private final AwakeWindows windows;
  private final InstantSource clock;

  /**
   * @param database the audit's pool, of at least as many connections as a full run has sessions
   * @param retention how long rows are kept; empty for ever
   * @param windows whom to ask for the windows in memory
   */
  public Reconciliation(
      Database database,
      KafkaConfig kafka,
      AuditConfig config,
      Optional<Duration> retention,
      AwakeWindows windows,
      InstantSource clock) {
    this.database = database;
    this.kafka = kafka;
    this.config = config;
    this.retention = retention;
    this.windows = windows;
    this.clock = clock;
  }

  /** What the tables have said. */
  private record Assessed(
      long runId,
      Instant settledUntil,
      long transactions,
      long alerts,
      long offsets,
      long expired,
      Map<Integer, List<String>> touched) {}

  /**
   * Runs once.
   *
   * @param unlessWithin do nothing if another run has begun so recently; zero for never
   * @return empty where another run is at work, or has begun so recently
   * @throws OperatorException naming the server that failed; the run is noted as failed where it
   *     can be
   */
  public Optional<AuditReport> run(Mode mode, Duration unlessWithin) {
    Instant startedAt = clock.instant();
    RunTables tables = new RunTables(database, kafka.nodeId());
    try (SourceLog log = SourceLog.open(kafka)) {
      if (!unlessWithin.isZero() && tables.hasBegunSince(startedAt.minus(unlessWithin))) {
        return Optional.empty();
      }
      // Before the tables are looked at, so that all that is committed is in them.
      Map<Integer, Long> committed = log.committed();
      Optional<Assessed> done =
          Session.pinned(
              database, session -> assess(session, tables, log, mode, committed, startedAt));
      if (done.isEmpty()) {
        return Optional.empty();
      }
      Assessed assessed = done.get();
      Instant tablesJudgedAt = clock.instant();
      tables.withdrawWhatWasOnItsWay(assessed.runId(), config.grace(), clock);
      WindowDrift drift = new WindowDrift(database, windows, config);
      WindowDrift.Outcome compared =
          mode == Mode.FULL
              ? drift.compareAll(committed.keySet())
              : drift.compare(tables.withDrifting(some(assessed.touched(), assessed.runId())));
      tables.add(assessed.runId(), compared.findings());
      tables.resolve(assessed.runId(), mode, compared.userIds());
      AuditReport report =
          new AuditReport(
              assessed.runId(),
              mode,
              startedAt,
              tablesJudgedAt,
              clock.instant(),
              assessed.settledUntil(),
              assessed.transactions(),
              assessed.alerts(),
              assessed.offsets(),
              assessed.expired(),
              compared.usersAwake(),
              compared.notAsked(),
              tables.count(assessed.runId()),
              tables.findings(assessed.runId(), config.findingsMax()));
      tables.end(report);
      return Optional.of(report);
    } catch (OperatorException e) {
      tables.noteFailure(mode, startedAt, clock.instant(), e.getMessage());
      throw e;
    }
  }

  private Optional<Assessed> assess(
      Session session,
      RunTables tables,
      SourceLog log,
      Mode mode,
      Map<Integer, Long> committed,
      Instant startedAt) {
    if (!session.one("SELECT pg_try_advisory_lock($1)", LOCK).getBoolean(0)) {
      return Optional.empty();
    }
    Scope scope = session.inTransaction(() -> begin(session, tables, mode, committed));
    Map<Integer, List<String>> touched;
    if (mode == Mode.FULL) {
      assessAll(session, scope);
      touched = Map.of();
    } else {
      touched = session.inTransaction(() -> assessWhatIsNew(session, scope));
    }
    // They read the topic between their statements: no snapshot is to wait for that.
    OffsetGaps gaps = gaps(session, log, scope);
    return Optional.of(
        session.inTransaction(
            () -> {
              lookAtTheRest(session, log, mode, startedAt);
              long runId = tables.begin(session, mode, startedAt);
              tables.store(session, runId, gaps.findings(), config.findingsMax());
              tables.moveOn(session);
              Row totals = session.one(AuditScript.text("totals", Map.of()));
              OffsetDateTime until = totals.getOffsetDateTime(0);
              return new Assessed(
                  runId,
                  until == null ? null : until.toInstant(),
                  scope.censuses().values().stream().mapToLong(OffsetGaps.Census::rows).sum(),
                  totals.getLong(1),
                  scope.spans().stream().mapToLong(Span::offsets).sum(),
                  gaps.expired(),
                  touched);
            }));
  }

  /**
   * What a run assesses.
   *
   * @param values that all scripts take
   * @param homes how many partitions are in force; empty where they are as many as ever
   */
  private record Scope(
      Map<String, String> values,
      List<Span> spans,
      Map<Integer, OffsetGaps.Census> censuses,
      OptionalInt homes,
      int shares) {}

  private Scope begin(Session session, RunTables tables, Mode mode, Map<Integer, Long> committed) {
    Map<Integer, RunTables.Position> positions =
        mode == Mode.FULL ? Map.of() : tables.positions(session);
    List<Span> spans = spans(committed, positions);
    Map<String, String> values = new HashMap<>();
    values.put("spans", Span.values(spans));
    values.put("fresh", Span.condition(spans));
    values.put("in_time_since", literal(inTimeSince(session)));
    values.put("versions_since", literal(tables.lastBegun(session).minus(config.grace())));
    values.put("grace", interval(config.grace()));
    values.put("clear_grace", interval(config.clearGrace()));
    AuditScript.run(session, "begin_found", values);
    AuditScript.run(session, "begin", values);
    if (mode == Mode.FULL) {
      // The one long statement that the server may take apart itself: it writes to no table.
      session.query("SET LOCAL max_parallel_workers_per_gather = " + (config.sessions() - 1));
    } else {
      // As in scope_users.
      session.query("SET LOCAL enable_seqscan = off");
    }
    Map<Integer, OffsetGaps.Census> censuses = census(session, values);
    return new Scope(
        values,
        spans,
        censuses,
        homesOfGrownTopic(session),
        mode == Mode.FULL ? shares(session) : 1);
  }

  /** All users, and all roll-ups, whatever a run before has seen of them. */
  private void assessAll(Session session, Scope scope) {
    List<Consumer<Session>> parts = new ArrayList<>();
    for (int share = 0; share < scope.shares(); share++) {
      Map<String, String> values = values(scope, Mode.FULL, share);
      parts.add(SideBySide.part(of -> assessShare(of, values, scope.homes())));
    }
    parts.addAll(RollupParts.of(session));
    parts.add(SideBySide.part(of -> AuditScript.run(of, "strangers", Map.of())));
    Map<String, String> begun = new HashMap<>(scope.values());
    begun.put("spans", Span.values(censused(session)));
    new SideBySide(database, scope.shares() == 1 ? 1 : config.sessions())
        .run(
            session,
            other -> {
              AuditScript.run(other, "begin_found", begun);
              AuditScript.run(other, "begin", begun);
            },
            parts);
  }

  /** The spans with the stream time that the census has found. */
  private static List<Span> censused(Session session) {
    List<Span> spans = new ArrayList<>();
    for (Row row :
        session.query(
            "SELECT kafka_partition, from_offset, to_offset, from_seq, stream_time::text"
                + " FROM span")) {
      spans.add(
          new Span(
              row.getInteger(0), row.getLong(1), row.getLong(2), row.getLong(3), row.getString(4)));
    }
    return spans;
  }

  private static Map<String, String> values(Scope scope, Mode mode, int share) {
    Map<String, String> values = new HashMap<>(scope.values());
    values.putAll(Arrivals.values(mode, scope.homes().isPresent(), share, scope.shares()));
    return values;
  }

  /** Answers whom it was about. */
  private Map<Integer, List<String>> assessWhatIsNew(Session session, Scope scope) {
    assessUsers(session, Mode.INCREMENTAL, values(scope, Mode.INCREMENTAL, 0), scope.homes());
    return touched(session);
  }

  private void assessShare(Session session, Map<String, String> values, OptionalInt homes) {
    Instant droppedBefore = assessUsers(session, Mode.FULL, values, homes);
    values.put("counted_from", literal(droppedBefore));
    AuditScript.run(session, "user_risk", values);
    AuditScript.run(session, "user_features", values);
  }

  /** Answers before when what there was has been dropped; null where all is there. */
  private Instant assessUsers(
      Session session, Mode mode, Map<String, String> values, OptionalInt homes) {
    // What lies within a window's length after what was dropped has a past that is not there. More
    // may have been dropped since the share before.
    Instant droppedBefore = droppedBefore(session);
    values.put(
        "checkable_from", literal(droppedBefore == null ? null : droppedBefore.plus(WINDOW)));
    Arrivals.scope(mode, homes.isPresent())
        .forEach(script -> AuditScript.run(session, script, values));
    for (String step : STEPS) {
      AuditScript.run(session, step, values);
      if (step.equals("told") && homes.isPresent()) {
        findHomes(session, homes.getAsInt());
      }
    }
    return droppedBefore;
  }

  private OffsetGaps gaps(Session session, SourceLog log, Scope scope) {
    OffsetGaps gaps =
        new OffsetGaps(
            session, log, () -> droppedBefore(session), scope.homes().isPresent(), scope.spans());
    for (Span span : scope.spans()) {
      gaps.check(span, scope.censuses().getOrDefault(span.partition(), OffsetGaps.Census.NONE));
    }
    return gaps;
  }

  /** What is not about one user's rows. */
  private void lookAtTheRest(Session session, SourceLog log, Mode mode, Instant startedAt) {
    if (mode == Mode.FULL) {
      AuditScript.run(session, "chain", Map.of());
    }
    AuditScript.run(session, "sequence", Map.of());
    AuditScript.run(session, "lost", Map.of());
    // Asked for after the snapshot was taken: all that is in it is of records that were there.
    AuditScript.run(session, "beyond", Map.of("beyond", Span.beyond(log.ends())));
    if (retention.isPresent() && mode == Mode.FULL) {
      Instant horizon = startedAt.minus(retention.get()).minus(REMOVAL);
      AuditScript.run(session, "retention", Map.of("horizon", literal(horizon)));
    }
  }

  /** Only the partitioner knows where somebody is who has not come back since the growth. */
  private void findHomes(Session session, int partitions) {
    List<String> userIds = new ArrayList<>();
    // The type of an id in this table is not the same in runs of both modes, but a kept plan's is.
    session
        .query("SELECT user_id::text AS user_id FROM concerned")
        .forEach(row -> userIds.add(row.getString("user_id")));
    session.query(
        "INSERT INTO home SELECT * FROM unnest($1::text[], $2::integer[])",
        userIds.toArray(String[]::new),
        userIds.stream()
            .map(userId -> kafka.partitioner().partitionOf(userId, partitions))
            .toArray(Integer[]::new));
    session.query("ANALYZE home");
  }

  /** How many partitions are in force; empty where they are as many as ever. */
  private static OptionalInt homesOfGrownTopic(Session session) {
    for (Row row :
        session.query(
            "SELECT partitions FROM spendwatch.topic_layout WHERE cardinality(former) > 0")) {
      return OptionalInt.of(row.getInteger(0));
    }
    return OptionalInt.empty();
  }

  /** Others each time; the same ones if the run is done again. */
  private Map<Integer, List<String>> some(Map<Integer, List<String>> users, long runId) {
    record Member(int partition, String userId) {}
    List<Member> all = new ArrayList<>();
    users.forEach(
        (partition, userIds) -> userIds.forEach(id -> all.add(new Member(partition, id))));
    Collections.shuffle(all, new Random(runId));
    return all.stream()
        .limit(config.windowsMax())
        .collect(
            Collectors.groupingBy(
                Member::partition, Collectors.mapping(Member::userId, Collectors.toList())));
  }

  private static Instant droppedBefore(Session session) {
    OffsetDateTime end =
        session.one("SELECT dropped_before FROM spendwatch.settings").getOffsetDateTime(0);
    return end == null ? null : end.toInstant();
  }

  private static Instant inTimeSince(Session session) {
    return session
        .one("SELECT balances_in_time_since FROM spendwatch.settings")
        .getOffsetDateTime(0)
        .toInstant();
  }

  private static String interval(Duration duration) {
    return "interval '" + duration.toMillis() + " ms'";
  }

  private static String literal(Instant instant) {
    return "'" + (instant == null ? "-infinity" : instant) + "'::timestamptz";
  }

  private static List<Span> spans(
      Map<Integer, Long> committed, Map<Integer, RunTables.Position> positions) {
    List<Span> spans = new ArrayList<>();
    committed.forEach(
        (partition, to) -> {
          RunTables.Position position =
              positions.getOrDefault(partition, RunTables.Position.BEGINNING);
          // Somebody may have put the group back: what was assessed stays assessed.
          spans.add(
              new Span(
                  partition,
                  position.nextOffset(),
                  Math.max(to, position.nextOffset()),
                  position.alertSeq(),
                  position.streamTime()));
        });
    return spans;
  }

  private static Map<Integer, OffsetGaps.Census> census(
      Session session, Map<String, String> values) {
    Map<Integer, OffsetGaps.Census> censuses = new HashMap<>();
    for (Row row : session.query(AuditScript.text("census", values))) {
      censuses.put(row.getInteger(0), OffsetGaps.Census.of(row));
      session.query(
          "UPDATE span SET stream_time = greatest(stream_time, $2) WHERE kafka_partition = $1",
          row.getInteger(0),
          row.getOffsetDateTime(4));
    }
    return censuses;
  }

  /** Rows are counted by what the server believes: their number only bounds a share. */
  private int shares(Session session) {
    double rows = session.one(AuditScript.text("estimate", Map.of())).getDouble(0);
    int shares = (int) Math.max(1, Math.ceil(rows / config.rowsAtOnce()));
    // As many for each of the sessions.
    return shares == 1 ? 1 : Math.ceilDiv(shares, config.sessions()) * config.sessions();
  }

  private static Map<Integer, List<String>> touched(Session session) {
    Map<Integer, List<String>> users = new HashMap<>();
    for (Row row : session.query(AuditScript.text("touched", Map.of()))) {
      users.computeIfAbsent(row.getInteger(0), _ -> new ArrayList<>()).add(row.getString(1));
    }
    return users;
  }
}
