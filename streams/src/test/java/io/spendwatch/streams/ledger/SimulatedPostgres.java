package io.spendwatch.streams.ledger;

import io.spendwatch.actors.exposure.Rule;
import io.spendwatch.streams.database.EventTimes;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.math.BigInteger;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * What PostgreSQL promises for our statements, each by its text and its parameters, without the
 * SQL. Each takes effect whole, at one moment. What fences is read from the statement's text, so
 * that a statement without it does not fence here either. {@code SimulatedPostgresIT} holds it
 * against the real one.
 */
public final class SimulatedPostgres {

  /** A row of table transactions. */
  public record StoredTransaction(
      String userId,
      long eventTimeMs,
      String transactionId,
      String kind,
      long amountMinor,
      String currency,
      long exposureMinor,
      Long balanceMinor,
      Long balanceVersion,
      String verdict,
      Long knownVersion,
      int partition,
      long offset) {
    long signedMinor() {
      return kind.equals("REFUND") ? -amountMinor : amountMinor;
    }
  }

  /** A row of table alerts. */
  public record StoredAlert(
      String alertId,
      String type,
      String episodeId,
      String userId,
      String transactionId,
      long exposureMinor,
      long balanceMinor,
      String currency,
      int transactions,
      long eventTimeMs,
      long detectedAtMs,
      boolean late,
      String revealedBy,
      Long knownVersion,
      String cause,
      String topic,
      int partition,
      long offset,
      long partitionSeq) {}

  /** A row of table accounts. */
  public record Account(
      String userId,
      String username,
      String currency,
      long balanceMinor,
      long version,
      long lastVersion,
      long asOfMs) {}

  /**
   * A row of table account_versions.
   *
   * @param closedAtMs null where the account has not gone with it
   */
  public record Version(
      long number,
      long asOfMs,
      long balanceMinor,
      String currency,
      Long closedAtMs,
      Long closedNumber) {}

  /** A row of view pipelines: the claim, and the newest row of table progress. */
  public static final class Pipeline {
    long epoch;
    long epochOfWrite = Long.MIN_VALUE;
    long writeNo;
    Long streamTimeMs;
    long alertSeq;
    long publishedAlertSeq;
    OffsetDateTime writtenAt;
    OffsetDateTime accountsSeenAt;
    Integer heldFor;
    Long nextOffset;
    Long publishedOffset;

    public long epoch() {
      return epoch;
    }

    public Long streamTimeMs() {
      return streamTimeMs;
    }

    /** Whether a row of this number is the newest from now on. */
    boolean isNewest(long ofEpoch, long number) {
      if (ofEpoch < epochOfWrite || (ofEpoch == epochOfWrite && number <= writeNo)) {
        return false;
      }
      epochOfWrite = ofEpoch;
      writeNo = number;
      return true;
    }

    /** Null while it is not noted. */
    public Long publishedOffset() {
      return publishedOffset;
    }

    public long publishedAlertSeq() {
      return publishedAlertSeq;
    }

    public long alertSeq() {
      return alertSeq;
    }
  }

  /** A row of table lost_records; {@code to} is null where nobody knows. */
  public record LostRecords(
      String topic, String topicId, int partition, long from, Long to, String reason) {}

  private record Key(String userId, long eventTimeMs, String transactionId) {}

  private static final Map<String, String> SQL = new ConcurrentHashMap<>();

  private final Map<String, Function<Tuple, RowSet<Row>>> statements = new HashMap<>();
  private final Map<String, String> names = new HashMap<>();
  private final Map<Integer, Pipeline> pipelines = new TreeMap<>();
  private final SimulatedLayout layout = new SimulatedLayout(pipelines);
  private final Map<Key, StoredTransaction> transactions = new LinkedHashMap<>();

  /** With which write each came, as ingested_at tells. */
  private final Map<Key, Long> written = new HashMap<>();

  private long writes;
  private final Map<String, StoredAlert> alerts = new LinkedHashMap<>();

  private record OpenEpisode(
      String userId, String episodeId, OffsetDateTime raisedAt, int partition) {}

  private final List<OpenEpisode> openEpisodes = new ArrayList<>();
  private final Map<String, Account> accounts = new LinkedHashMap<>();
  private final Map<String, Long> closedVersions = new HashMap<>();
  private final Map<String, List<Version>> versions = new TreeMap<>();

  /** When a version was recorded, or an account went, by the server's clock. */
  private final Map<String, Long> changedAtMs = new HashMap<>();

  private final LongSupplier clock;

  private record Source(String topicId, Long adoptedUnder) {}

  /** A row of table progress. */
  private record Write(int partition, long epoch, long number) {}

  private final Set<Write> progress = new HashSet<>();

  /** Table balances_progress, the newest of each partition. */
  private final Map<String, Long> balancesPlaces = new TreeMap<>();

  /** Whether each is to be read again. */
  private final Map<List<Object>, Boolean> rewinds = new HashMap<>();

  private final Map<String, Source> sources = new TreeMap<>();
  private final List<LostRecords> lostRecords = new ArrayList<>();
  private final Set<LocalDate> days = new HashSet<>();
  private final Consumer<Set<String>> onAccountsChanged;
  private final Set<String> refused = new HashSet<>();

  /**
   * @param clock the server's, milliseconds
   * @param onAccountsChanged the trigger's notification
   */
  public SimulatedPostgres(LongSupplier clock, Consumer<Set<String>> onAccountsChanged) {
    this.clock = clock;
    this.onAccountsChanged = onAccountsChanged;
    statement("claim_pipeline", this::claim);
    statement("hold_pipeline", this::hold);
    statement("adopt_layout", layout::adopt);
    statement("read_layout", layout::read);
    statement("announce_growth", layout::announce);
    statement("begin_growth", layout::begin);
    statement("finish_growth", layout::finish);
    statement("read_progress", this::progress);
    statement("forget_progress", _ -> new SimulatedRows());
    statement("write_transactions", in -> write("write_transactions", in));
    statement("write_ledger", in -> write("write_ledger", in));
    statement("write_again", in -> write("write_again", in));
    statement("ensure_partitions", this::ensurePartitions);
    statement("read_unpublished_alerts", this::unpublishedAlerts);
    statement("read_stream_time", this::streamTime);
    statement("read_open_episodes", this::openEpisodes);
    statement("read_entries", this::entries);
    statement("read_episodes", this::episodes);
    statement("find_stored", this::findStored);
    statement("sum_exposures", this::sumExposures);
    statement("read_transaction_ids", this::transactionIds);
    statement("read_versions", this::readVersions);
    statement("read_versions_in_force", this::versionsInForce);
    statement("find_changes", this::findChanges);
    statement("find_active", this::findActive);
    statement("apply_balances", this::applyBalances);
    statement("read_topic_id", this::topicId);
    statement("adopt_topic", this::adoptTopic);
    statement("record_lost", this::recordLost);
    statement("find_last_offset", this::lastOffset);
    statement("record_rewind", this::recordRewind);
    statement("read_seen_alerts", this::seenAlerts);
    statement("read_balances_place", this::balancesPlace);
    statement("note_balances_place", this::noteBalancesPlace);
  }

  /** Runs a statement now, whole. */
  public RowSet<Row> run(String sql, Tuple parameters) {
    return statements.get(sql).apply(parameters);
  }

  /** The name of a statement. */
  public String name(String sql) {
    return names.get(sql);
  }

  public List<StoredTransaction> transactions() {
    return List.copyOf(transactions.values());
  }

  /** In the order of their partitions' sequences. */
  public List<StoredAlert> alerts() {
    return alerts.values().stream()
        .sorted(
            Comparator.comparingInt(StoredAlert::partition)
                .thenComparingLong(StoredAlert::partitionSeq))
        .toList();
  }

  public Map<Integer, Pipeline> pipelines() {
    return pipelines;
  }

  /** In the order in which they were noted. */
  public List<LostRecords> lostRecords() {
    return List.copyOf(lostRecords);
  }

  public Map<String, Account> accounts() {
    return accounts;
  }

  /** The table refuses this transaction, whoever tries and however often. */
  public void refuse(String transactionId) {
    refused.add(transactionId);
  }

  /** All versions by user, of each in their order. */
  public Map<String, List<Version>> versions() {
    return versions;
  }

  /** All versions, in their order. */
  public List<Version> versions(String userId) {
    return versions.getOrDefault(userId, List.of());
  }

  /** Writes an account as any writer may, with an as_of of its own. */
  public void putAccount(String userId, String currency, long balanceMinor, long asOfMs) {
    Account before = accounts.get(userId);
    String username = before == null ? null : before.username;
    if (put(userId, username, currency, balanceMinor, asOfMs)) {
      onAccountsChanged.accept(Set.of(userId));
    }
  }

  /**
   * Deletes an account.
   *
   * @param closedAtMs when that is, by the server's clock
   */
  public void removeAccount(String userId, long closedAtMs) {
    Account gone = accounts.remove(userId);
    if (gone != null) {
      long number = gone.lastVersion + 1;
      closedVersions.put(userId, number);
      versions
          .get(userId)
          .replaceAll(
              version ->
                  version.number == gone.version
                      ? new Version(
                          version.number,
                          version.asOfMs,
                          version.balanceMinor,
                          version.currency,
                          Math.max(closedAtMs, version.asOfMs),
                          number)
                      : version);
      changedAtMs.put(userId, clock.getAsLong());
      onAccountsChanged.accept(Set.of(userId));
    }
  }

  /** What the triggers make of it; says whether there is a new version. */
  private boolean put(
      String userId, String username, String currency, long balanceMinor, long asOfMs) {
    Account before = accounts.get(userId);
    List<Version> all = versions.computeIfAbsent(userId, _ -> new ArrayList<>());
    boolean known =
        before != null
            && all.stream()
                .anyMatch(
                    version ->
                        version.asOfMs == asOfMs
                            && version.balanceMinor == balanceMinor
                            && version.currency.equals(currency));
    if (known) {
      accounts.put(
          userId,
          new Account(
              userId,
              username,
              before.currency,
              before.balanceMinor,
              before.version,
              before.lastVersion,
              before.asOfMs));
      return false;
    }
    long number =
        1 + (before == null ? closedVersions.getOrDefault(userId, 0L) : before.lastVersion);
    if (before == null) {
      all.replaceAll(
          version ->
              version.closedAtMs != null && version.closedAtMs >= asOfMs
                  ? new Version(
                      version.number,
                      version.asOfMs,
                      version.balanceMinor,
                      version.currency,
                      null,
                      null)
                  : version);
    }
    all.add(new Version(number, asOfMs, balanceMinor, currency, null, null));
    all.sort(Comparator.comparingLong(Version::asOfMs).thenComparingLong(Version::number));
    Version newest = all.getLast();
    accounts.put(
        userId,
        new Account(
            userId,
            username,
            newest.currency,
            newest.balanceMinor,
            newest.number,
            number,
            newest.asOfMs));
    changedAtMs.put(userId, clock.getAsLong());
    return true;
  }

  /** By how many partitions of the topic users have their homes. */
  public int partitionsInForce() {
    return layout.partitions();
  }

  /** As the command that makes the topic does. */
  public void adoptLayout(int partitions) {
    RowSet<Row> _ = layout.adopt(Tuple.of(partitions));
  }

  private void statement(String name, Function<Tuple, RowSet<Row>> promise) {
    String sql = SQL.computeIfAbsent(name, each -> RuleText.load(Ledger.class, each));
    statements.put(sql, promise);
    names.put(sql, name);
  }

  private RowSet<Row> claim(Tuple in) {
    if (!layout.isThere()) {
      return new SimulatedRows();
    }
    Pipeline pipeline = pipelines.computeIfAbsent(in.getInteger(0), _ -> new Pipeline());
    if (SQL.get("claim_pipeline").contains("SET epoch = claim.epoch + 1")) {
      pipeline.epoch++;
    }
    pipeline.heldFor = null;
    return new SimulatedRows()
        .add(
            pipeline.epoch,
            layout.version(),
            layout.partitions(),
            layout.former(),
            layout.growingTo(),
            layout.marks());
  }

  private RowSet<Row> progress(Tuple in) {
    SimulatedRows rows = new SimulatedRows();
    Pipeline pipeline = pipelines.get(in.getInteger(0));
    if (pipeline != null) {
      boolean hasWritten = pipeline.epochOfWrite != Long.MIN_VALUE;
      rows.add(
          hasWritten ? pipeline.epochOfWrite : null,
          hasWritten ? pipeline.writeNo : null,
          pipeline.alertSeq,
          pipeline.publishedAlertSeq,
          pipeline.writtenAt,
          pipeline.nextOffset,
          pipeline.publishedOffset);
    }
    return rows;
  }

  private RowSet<Row> hold(Tuple in) {
    Pipeline pipeline = pipelines.get(in.getInteger(0));
    if (pipeline == null || pipeline.epoch != in.getLong(1)) {
      return new SimulatedRows();
    }
    pipeline.heldFor = in.getInteger(2);
    return new SimulatedRows().add(in.getInteger(0));
  }

  /**
   * Of each partition in the statement all or nothing, and nothing of any where a value is bad.
   * Whether one of them takes the others with it is read from the text, too.
   */
  private RowSet<Row> write(String name, Tuple in) {
    Integer[] partitions = in.getArrayOfIntegers(0);
    boolean fences =
        SQL.get(name).contains("JOIN spendwatch.claims AS claim USING (kafka_partition, epoch)");
    Set<Integer> granted = new LinkedHashSet<>();
    for (int i = 0; i < partitions.length; i++) {
      Pipeline pipeline = pipelines.get(partitions[i]);
      long epoch = in.getArrayOfLongs(1)[i];
      long number = in.getArrayOfLongs(2)[i];
      boolean isNext =
          number == 1 || progress.contains(new Write(partitions[i], epoch, number - 1));
      if (pipeline != null && isNext && (!fences || pipeline.epoch == epoch)) {
        granted.add(partitions[i]);
      }
    }
    if (SQL.get(name).contains("cardinality($1)") && granted.size() < partitions.length) {
      SimulatedRows nothing = new SimulatedRows();
      granted.forEach(partition -> nothing.add(partition, 0L, Long.MAX_VALUE));
      return nothing;
    }
    String[] ids = in.getArrayOfStrings(12);
    boolean staysAsWritten =
        SQL.get(name).contains("ON CONFLICT DO NOTHING\n  RETURNING kafka_partition");
    Set<Key> keys = new HashSet<>();
    for (int i = 0; i < ids.length; i++) {
      if (granted.contains(in.getArrayOfIntegers(24)[i])) {
        if (refused.contains(ids[i])) {
          throw new PgException("refused by plan", "ERROR", "22000", null);
        }
        if (!days.contains(in.getArrayOfOffsetDateTimes(11)[i].toLocalDate())) {
          throw new PgException("no partition of relation found for row", "ERROR", "23514", null);
        }
        Key key = keyOf(in, i);
        boolean isThere = !keys.add(key) || transactions.containsKey(key);
        if (isThere && !staysAsWritten) {
          throw new PgException("duplicate key value", "ERROR", "23505", null);
        }
      }
    }
    for (int i = 0; i < partitions.length; i++) {
      if (granted.contains(partitions[i])) {
        progress.add(new Write(partitions[i], in.getArrayOfLongs(1)[i], in.getArrayOfLongs(2)[i]));
        progressed(pipelines.get(partitions[i]), in, i);
      }
    }
    Map<Integer, Long> transactionsOf = writeTransactions(in, granted);
    Map<Integer, Long> alertsOf =
        name.equals("write_transactions") ? Map.of() : writeAlerts(in, granted);
    SimulatedRows rows = new SimulatedRows();
    for (Integer partition : granted) {
      rows.add(
          partition,
          transactionsOf.getOrDefault(partition, 0L),
          alertsOf.getOrDefault(partition, 0L));
    }
    return rows;
  }

  private static void progressed(Pipeline pipeline, Tuple in, int i) {
    if (pipeline.isNewest(in.getArrayOfLongs(1)[i], in.getArrayOfLongs(2)[i])) {
      OffsetDateTime streamTime = in.getArrayOfOffsetDateTimes(3)[i];
      pipeline.streamTimeMs = streamTime == null ? null : EventTimes.toMs(streamTime);
      pipeline.alertSeq = in.getArrayOfLongs(4)[i];
      pipeline.publishedAlertSeq = in.getArrayOfLongs(5)[i];
      pipeline.nextOffset = in.getArrayOfLongs(6)[i];
      pipeline.publishedOffset = in.getArrayOfLongs(7)[i];
      pipeline.writtenAt = in.getArrayOfOffsetDateTimes(8)[i];
      pipeline.accountsSeenAt = in.getArrayOfOffsetDateTimes(9)[i];
    }
  }

  private RowSet<Row> topicId(Tuple in) {
    SimulatedRows rows = new SimulatedRows();
    Source source = sources.get(in.getString(0) + "-" + in.getInteger(1));
    return source == null ? rows : rows.add(source.topicId);
  }

  private RowSet<Row> adoptTopic(Tuple in) {
    Long epoch = in.getLong(5);
    String place = in.getString(0) + "-" + in.getInteger(1);
    Source adopted = new Source(in.getString(2), epoch);
    Pipeline pipeline = pipelines.get(in.getInteger(1));
    if (epoch != null) {
      if (adopted.equals(sources.get(place))) {
        return new SimulatedRows().add(true);
      }
      if (pipeline == null || pipeline.epoch != epoch) {
        return new SimulatedRows().add(false);
      }
      progress.add(new Write(in.getInteger(1), epoch, 0));
      boolean isFirst = pipeline.epochOfWrite == epoch && pipeline.writeNo == 0;
      if (isFirst || pipeline.isNewest(epoch, 0)) {
        pipeline.nextOffset = in.getLong(3);
        pipeline.publishedOffset = in.getLong(4);
      }
    }
    sources.put(place, adopted);
    return new SimulatedRows().add(true);
  }

  /** Offset by offset. */
  private RowSet<Row> recordLost(Tuple in) {
    String topic = in.getString(0);
    String topicId = in.getString(1);
    int partition = in.getInteger(2);
    List<LostRecords> before =
        lostRecords.stream()
            .filter(
                lost ->
                    lost.topic.equals(topic)
                        && lost.topicId.equals(topicId)
                        && lost.partition == partition)
            .toList();
    SimulatedRows rows = new SimulatedRows();
    long from = in.getLong(3);
    Long to = in.getLong(4);
    if (to == null && before.stream().anyMatch(lost -> lost.to == null)) {
      return rows;
    }
    long end = to != null ? to : before.stream().mapToLong(LostRecords::to).reduce(from, Math::max);
    Long begin = null;
    for (long offset = from; offset <= end; offset++) {
      long at = offset;
      boolean isLost =
          at < end
              && before.stream()
                  .noneMatch(lost -> at >= lost.from && (lost.to == null || at < lost.to))
              && transactions.values().stream()
                  .noneMatch(
                      row -> row.partition == partition && row.offset == at && at < in.getLong(8));
      if (isLost && begin == null) {
        begin = at;
      } else if (!isLost && begin != null && at < end) {
        note(rows, new LostRecords(topic, topicId, partition, begin, at, in.getString(5)));
        begin = null;
      }
    }
    if (to == null) {
      long open = begin == null ? end : begin;
      note(rows, new LostRecords(topic, topicId, partition, open, null, in.getString(5)));
    } else if (begin != null) {
      note(rows, new LostRecords(topic, topicId, partition, begin, end, in.getString(5)));
    }
    return rows;
  }

  private void note(SimulatedRows rows, LostRecords lost) {
    lostRecords.add(lost);
    rows.add(lost.from, lost.to);
  }

  private RowSet<Row> lastOffset(Tuple in) {
    return new SimulatedRows()
        .add(
            transactions.values().stream()
                .filter(row -> row.partition == in.getInteger(0))
                .map(StoredTransaction::offset)
                .max(Comparator.naturalOrder())
                .orElse(null));
  }

  private Map<Integer, Long> writeTransactions(Tuple in, Set<Integer> granted) {
    Map<Integer, Long> counts = new HashMap<>();
    writes++;
    String[] userIds = in.getArrayOfStrings(10);
    for (int i = 0; i < userIds.length; i++) {
      int partition = in.getArrayOfIntegers(24)[i];
      if (!granted.contains(partition)) {
        continue;
      }
      StoredTransaction row =
          new StoredTransaction(
              userIds[i],
              EventTimes.toMs(in.getArrayOfOffsetDateTimes(11)[i]),
              in.getArrayOfStrings(12)[i],
              in.getArrayOfStrings(13)[i],
              in.getArrayOfLongs(14)[i],
              in.getArrayOfStrings(15)[i],
              in.getArrayOfLongs(18)[i],
              in.getArrayOfLongs(19)[i],
              in.getArrayOfLongs(20)[i],
              in.getArrayOfStrings(21)[i],
              in.getArrayOfLongs(23)[i],
              partition,
              in.getArrayOfLongs(22)[i]);
      Key key = keyOf(in, i);
      if (transactions.putIfAbsent(key, row) == null) {
        counts.merge(partition, 1L, Long::sum);
      }
      var _ = written.putIfAbsent(key, writes);
    }
    return counts;
  }

  private static Key keyOf(Tuple in, int row) {
    return new Key(
        in.getArrayOfStrings(10)[row],
        EventTimes.toMs(in.getArrayOfOffsetDateTimes(11)[row]),
        in.getArrayOfStrings(12)[row]);
  }

  private Map<Integer, Long> writeAlerts(Tuple in, Set<Integer> granted) {
    Map<Integer, Long> counts = new HashMap<>();
    String[] alertIds = in.getArrayOfStrings(25);
    List<StoredAlert> announced = new ArrayList<>();
    for (int i = 0; i < alertIds.length; i++) {
      int partition = in.getArrayOfIntegers(46)[i];
      if (!granted.contains(partition)) {
        continue;
      }
      StoredAlert row =
          new StoredAlert(
              alertIds[i],
              in.getArrayOfStrings(26)[i],
              in.getArrayOfStrings(28)[i],
              in.getArrayOfStrings(29)[i],
              in.getArrayOfStrings(30)[i],
              in.getArrayOfLongs(31)[i],
              in.getArrayOfLongs(32)[i],
              in.getArrayOfStrings(33)[i],
              in.getArrayOfIntegers(34)[i],
              EventTimes.toMs(in.getArrayOfOffsetDateTimes(36)[i]),
              EventTimes.toMs(in.getArrayOfOffsetDateTimes(37)[i]),
              in.getArrayOfBooleans(38)[i],
              in.getArrayOfStrings(44)[i],
              in.getArrayOfLongs(45)[i],
              in.getArrayOfStrings(39)[i],
              in.getArrayOfStrings(40)[i],
              partition,
              in.getArrayOfLongs(41)[i],
              in.getArrayOfLongs(42)[i]);
      boolean placeTaken =
          alerts.values().stream()
              .anyMatch(
                  other ->
                      other.partition == row.partition && other.partitionSeq == row.partitionSeq);
      StoredAlert before = alerts.get(row.alertId);
      boolean isThere =
          before != null
              && before.partition == row.partition
              && before.partitionSeq == row.partitionSeq;
      if (isThere) {
        counts.merge(partition, 1L, Long::sum);
      } else if (!placeTaken && alerts.putIfAbsent(row.alertId, row) == null) {
        counts.merge(partition, 1L, Long::sum);
        announced.add(row);
      }
    }
    noteEpisodes(announced);
    return counts;
  }

  private void noteEpisodes(List<StoredAlert> announced) {
    List<OpenEpisode> before = List.copyOf(openEpisodes);
    for (StoredAlert alert : announced) {
      boolean isThere = before.stream().anyMatch(episode -> isOf(episode, alert));
      boolean isCleared =
          announced.stream()
              .anyMatch(
                  other ->
                      other.type.equals("CLEARED")
                          && other.userId.equals(alert.userId)
                          && other.episodeId.equals(alert.episodeId));
      if (alert.type.equals("CLEARED")) {
        openEpisodes.removeIf(episode -> before.contains(episode) && isOf(episode, alert));
      } else if (!isThere && !isCleared) {
        openEpisodes.add(
            new OpenEpisode(
                alert.userId,
                alert.episodeId,
                EventTimes.toDatabase(alert.eventTimeMs),
                alert.partition));
      }
    }
  }

  private static boolean isOf(OpenEpisode episode, StoredAlert alert) {
    return episode.userId.equals(alert.userId) && episode.episodeId.equals(alert.episodeId);
  }

  private RowSet<Row> ensurePartitions(Tuple in) {
    for (OffsetDateTime instant : in.getArrayOfOffsetDateTimes(0)) {
      days.add(instant.toLocalDate());
    }
    return new SimulatedRows();
  }

  private RowSet<Row> unpublishedAlerts(Tuple in) {
    SimulatedRows rows = new SimulatedRows();
    alerts().stream()
        .filter(alert -> alert.partition == in.getInteger(0))
        .filter(alert -> alert.partitionSeq > in.getLong(1))
        .limit(in.getInteger(2))
        .forEach(
            alert ->
                rows.add(
                    alert.partitionSeq,
                    alert.alertId,
                    alert.type,
                    alert.episodeId,
                    alert.userId,
                    alert.transactionId,
                    alert.exposureMinor,
                    alert.balanceMinor,
                    alert.currency,
                    alert.transactions,
                    EventTimes.toDatabase(alert.eventTimeMs),
                    EventTimes.toDatabase(alert.detectedAtMs),
                    alert.late,
                    alert.cause,
                    alert.topic,
                    alert.partition,
                    alert.offset,
                    alert.revealedBy,
                    Rule.EXPOSURE_24H.id(),
                    Rule.EXPOSURE_24H.version(),
                    EventTimes.toDatabase(alert.eventTimeMs - Rule.EXPOSURE_24H.windowMs())));
    return rows;
  }

  private RowSet<Row> streamTime(Tuple in) {
    SimulatedRows rows = new SimulatedRows();
    Pipeline pipeline = pipelines.get(in.getInteger(0));
    if (pipeline != null) {
      rows.add(
          pipeline.streamTimeMs == null ? null : EventTimes.toDatabase(pipeline.streamTimeMs),
          pipeline.accountsSeenAt);
    }
    return rows;
  }

  /** An episode as its alerts say. */
  private static final class Episode {
    final String episodeId;
    OffsetDateTime raisedAt;
    OffsetDateTime clearedAt;
    long knownVersion;

    Episode(StoredAlert alert) {
      this.episodeId = alert.episodeId;
    }
  }

  private List<Episode> episodesOf(java.util.function.Predicate<StoredAlert> which) {
    Map<String, Episode> episodes = new LinkedHashMap<>();
    for (StoredAlert alert : alerts.values()) {
      if (which.test(alert)) {
        Episode episode =
            episodes.computeIfAbsent(alert.userId + "/" + alert.episodeId, _ -> new Episode(alert));
        episode.knownVersion =
            Math.max(episode.knownVersion, alert.knownVersion == null ? 0 : alert.knownVersion);
        if (alert.type.equals("RAISED")) {
          episode.raisedAt = EventTimes.toDatabase(alert.eventTimeMs);
        } else {
          episode.clearedAt = EventTimes.toDatabase(alert.eventTimeMs);
        }
      }
    }
    return new ArrayList<>(episodes.values());
  }

  private RowSet<Row> openEpisodes(Tuple in) {
    SimulatedRows rows = new SimulatedRows();
    openEpisodes.stream()
        .filter(episode -> layout.isOrigin(episode.partition, in.getInteger(0)))
        .filter(episode -> episode.userId.compareTo(in.getString(1)) > 0)
        .sorted(Comparator.comparing(episode -> episode.userId))
        .limit(in.getInteger(2))
        .forEach(episode -> rows.add(episode.userId, episode.episodeId, episode.raisedAt));
    return rows;
  }

  private long written(StoredTransaction row) {
    return written.get(new Key(row.userId, row.eventTimeMs, row.transactionId));
  }

  /** By event time, then in the order in which they were written. */
  private List<StoredTransaction> of(String userId) {
    return transactions.values().stream()
        .filter(row -> row.userId.equals(userId))
        .sorted(
            Comparator.comparingLong(StoredTransaction::eventTimeMs)
                .thenComparingLong(this::written)
                .thenComparingLong(StoredTransaction::offset))
        .toList();
  }

  private RowSet<Row> entries(Tuple in) {
    SimulatedRows rows = new SimulatedRows();
    String[] userIds = in.getArrayOfStrings(0);
    List<String> ordered = new ArrayList<>(List.of(userIds));
    ordered.sort(Comparator.naturalOrder());
    for (String userId : ordered) {
      long fromMs =
          EventTimes.toMs(in.getArrayOfOffsetDateTimes(1)[List.of(userIds).indexOf(userId)]);
      List<StoredTransaction> known =
          of(userId).stream().filter(row -> row.eventTimeMs > fromMs).toList();
      if (!known.isEmpty()) {
        long latestMs = known.getLast().eventTimeMs;
        long reachMs =
            Math.min(Math.max(fromMs, latestMs - 2 * 86_400_000L), latestMs - 86_400_000L);
        of(userId).stream()
            .filter(row -> row.eventTimeMs > reachMs)
            .forEach(
                row ->
                    rows.add(
                        userId,
                        row.transactionId,
                        EventTimes.toDatabase(row.eventTimeMs),
                        row.signedMinor(),
                        row.currency,
                        row.knownVersion != null
                            ? row.knownVersion
                            : row.balanceVersion == null ? 0L : row.balanceVersion));
      }
    }
    return rows;
  }

  private RowSet<Row> episodes(Tuple in) {
    SimulatedRows rows = new SimulatedRows();
    String[] userIds = in.getArrayOfStrings(0);
    List<String> ordered = new ArrayList<>(List.of(userIds));
    ordered.sort(Comparator.naturalOrder());
    for (String userId : ordered) {
      OffsetDateTime from =
          in.getArrayOfOffsetDateTimes(1)[List.of(userIds).indexOf(userId)].minusHours(48);
      Set<String> recent = new HashSet<>();
      openEpisodes.stream()
          .filter(episode -> episode.userId.equals(userId))
          .forEach(episode -> recent.add(episode.episodeId));
      alerts.values().stream()
          .filter(alert -> alert.userId.equals(userId) && alert.type.equals("CLEARED"))
          .filter(alert -> EventTimes.toDatabase(alert.eventTimeMs).isAfter(from))
          .forEach(alert -> recent.add(alert.episodeId));
      episodesOf(alert -> alert.userId.equals(userId) && recent.contains(alert.episodeId)).stream()
          .filter(episode -> episode.clearedAt == null || episode.clearedAt.isAfter(from))
          .sorted(Comparator.comparing(episode -> episode.raisedAt))
          .forEach(
              episode ->
                  rows.add(
                      userId,
                      episode.episodeId,
                      episode.raisedAt,
                      episode.clearedAt,
                      episode.knownVersion));
    }
    return rows;
  }

  private RowSet<Row> findStored(Tuple in) {
    SimulatedRows rows = new SimulatedRows();
    for (int i = 0; i < in.getArrayOfStrings(0).length; i++) {
      String userId = in.getArrayOfStrings(0)[i];
      OffsetDateTime eventTime = in.getArrayOfOffsetDateTimes(1)[i];
      String transactionId = in.getArrayOfStrings(2)[i];
      if (transactions.containsKey(new Key(userId, EventTimes.toMs(eventTime), transactionId))) {
        rows.add(userId, eventTime, transactionId);
      }
    }
    return rows;
  }

  private RowSet<Row> sumExposures(Tuple in) {
    SimulatedRows rows = new SimulatedRows();
    for (int i = 0; i < in.getArrayOfStrings(0).length; i++) {
      String currency = in.getArrayOfStrings(1)[i];
      long startMs = EventTimes.toMs(in.getArrayOfOffsetDateTimes(2)[i]);
      long endMs = EventTimes.toMs(in.getArrayOfOffsetDateTimes(3)[i]);
      BigInteger sum =
          of(in.getArrayOfStrings(0)[i]).stream()
              .filter(row -> row.eventTimeMs > startMs && row.eventTimeMs <= endMs)
              .filter(row -> row.currency.equals(currency))
              .map(row -> BigInteger.valueOf(row.signedMinor()))
              .reduce(BigInteger.ZERO, BigInteger::add);
      rows.add(
          sum.max(BigInteger.valueOf(Long.MIN_VALUE))
              .min(BigInteger.valueOf(Long.MAX_VALUE))
              .longValue());
    }
    return rows;
  }

  private RowSet<Row> transactionIds(Tuple in) {
    SimulatedRows rows = new SimulatedRows();
    for (int i = 0; i < in.getArrayOfStrings(0).length; i++) {
      long atMs = EventTimes.toMs(in.getArrayOfOffsetDateTimes(1)[i]);
      Object ids =
          of(in.getArrayOfStrings(0)[i]).stream()
              .filter(row -> row.eventTimeMs == atMs)
              .map(StoredTransaction::transactionId)
              .toArray(String[]::new);
      rows.add(ids);
    }
    return rows;
  }

  private RowSet<Row> readVersions(Tuple in) {
    SimulatedRows rows = new SimulatedRows();
    for (int i = 0; i < in.getArrayOfStrings(0).length; i++) {
      String userId = in.getArrayOfStrings(0)[i];
      long fromMs = EventTimes.toMs(in.getArrayOfOffsetDateTimes(1)[i]);
      long floorMs =
          versions(userId).stream()
              .mapToLong(Version::asOfMs)
              .filter(asOfMs -> asOfMs < fromMs)
              .max()
              .orElse(Long.MIN_VALUE);
      Account account = accounts.get(userId);
      boolean newestSuffices =
          account != null && (account.lastVersion == 1 || account.asOfMs < fromMs);
      for (Version version : versions(userId)) {
        boolean matters =
            version.asOfMs >= floorMs
                || (version.closedAtMs != null && version.closedAtMs >= floorMs);
        if (newestSuffices ? version.number == account.version : matters) {
          rows.add(
              userId,
              version.balanceMinor,
              version.currency,
              version.number,
              EventTimes.toDatabase(version.asOfMs),
              time(version.closedAtMs),
              version.closedNumber);
        }
      }
    }
    return rows;
  }

  private RowSet<Row> versionsInForce(Tuple in) {
    SimulatedRows rows = new SimulatedRows();
    for (int i = 0; i < in.getArrayOfStrings(0).length; i++) {
      List<Version> all = versions(in.getArrayOfStrings(0)[i]);
      long atMs = EventTimes.toMs(in.getArrayOfOffsetDateTimes(1)[i]);
      Version inForce = all.isEmpty() ? null : all.getFirst();
      for (Version version : all) {
        inForce = version.asOfMs < atMs ? version : inForce;
      }
      Version gone = null;
      for (Version version : all) {
        if (version.closedAtMs != null
            && version.closedAtMs < atMs
            && (gone == null || version.closedAtMs >= gone.closedAtMs)) {
          gone = version;
        }
      }
      boolean isOpen =
          gone == null
              || inForce.asOfMs > gone.closedAtMs
              || (inForce.asOfMs == gone.closedAtMs && inForce.number > gone.closedNumber);
      inForce = isOpen ? inForce : gone;
      if (inForce == null) {
        rows.add(null, null, null, null, null, null);
      } else {
        rows.add(
            inForce.balanceMinor,
            inForce.currency,
            inForce.number,
            EventTimes.toDatabase(inForce.asOfMs),
            isOpen ? null : time(inForce.closedAtMs),
            isOpen ? null : inForce.closedNumber);
      }
    }
    return rows;
  }

  private static OffsetDateTime time(Long timeMs) {
    return timeMs == null ? null : EventTimes.toDatabase(timeMs);
  }

  /** More than is promised: users' changes are not told apart. */
  private RowSet<Row> findChanges(Tuple in) {
    SimulatedRows rows = new SimulatedRows();
    List<String> asked = List.of(in.getArrayOfStrings(0));
    long recordedAfterMs = EventTimes.toMs(in.getOffsetDateTime(1).minusMinutes(10));
    long streamTimeMs = EventTimes.toMs(in.getOffsetDateTime(2));
    int limit = in.getInteger(4);
    OffsetDateTime now = EventTimes.toDatabase(clock.getAsLong());
    versions.forEach(
        (userId, all) -> {
          boolean changed = changedAtMs.getOrDefault(userId, Long.MIN_VALUE) > recordedAfterMs;
          if (rows.size() < limit
              && (asked.isEmpty() || asked.contains(userId))
              && userId.compareTo(in.getString(3)) > 0
              && (changed || all.stream().anyMatch(v -> v.asOfMs >= streamTimeMs))) {
            rows.add(now, userId, EventTimes.toDatabase(all.getFirst().asOfMs));
          }
        });
    return rows.isEmpty() ? rows.add(now, null, null) : rows;
  }

  private RowSet<Row> findActive(Tuple in) {
    SimulatedRows rows = new SimulatedRows();
    for (int i = 0; i < in.getArrayOfStrings(0).length; i++) {
      String userId = in.getArrayOfStrings(0)[i];
      long sinceMs = EventTimes.toMs(in.getArrayOfOffsetDateTimes(1)[i]);
      if (of(userId).stream().anyMatch(row -> row.eventTimeMs > sinceMs - 86_400_000L)) {
        rows.add(userId);
      }
    }
    return rows;
  }

  private RowSet<Row> recordRewind(Tuple in) {
    List<Object> rewind =
        List.of(in.getString(0), in.getString(1), in.getInteger(2), in.getLong(3), in.getLong(4));
    return new SimulatedRows().add(rewinds.merge(rewind, in.getBoolean(7), Boolean::logicalOr));
  }

  /** Only the command that rewinds writes any. */
  private RowSet<Row> seenAlerts(Tuple in) {
    return new SimulatedRows();
  }

  private static String place(String topicId, int partition) {
    return topicId + "-" + partition;
  }

  private RowSet<Row> balancesPlace(Tuple in) {
    return new SimulatedRows().add(balancesPlaces.get(place(in.getString(0), in.getInteger(1))));
  }

  private RowSet<Row> noteBalancesPlace(Tuple in) {
    balancesPlaces.merge(place(in.getString(0), in.getInteger(1)), in.getLong(2), Math::max);
    return new SimulatedRows();
  }

  private RowSet<Row> applyBalances(Tuple in) {
    String place = place(in.getString(6), in.getInteger(7));
    Long known = balancesPlaces.get(place);
    if (known == null || known < in.getLong(8)) {
      return new SimulatedRows().add(false);
    }
    balancesPlaces.merge(place, in.getLong(9), Math::max);
    Set<String> announced = new HashSet<>();
    for (int i = 0; i < in.getArrayOfStrings(1).length; i++) {
      String userId = in.getArrayOfStrings(1)[i];
      Account before = accounts.get(userId);
      String given = in.getArrayOfStrings(2)[i];
      if (put(
          userId,
          given != null || before == null ? given : before.username,
          in.getArrayOfStrings(3)[i],
          in.getArrayOfLongs(4)[i],
          EventTimes.toMs(in.getArrayOfOffsetDateTimes(5)[i]))) {
        announced.add(userId);
      }
    }
    if (!announced.isEmpty()) {
      onAccountsChanged.accept(announced);
    }
    return new SimulatedRows().add(true);
  }
}
