package io.spendwatch.streams.simulation;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.actors.exposure.NaiveUser;
import io.spendwatch.actors.exposure.NaiveUser.Version;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCodec;
import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.DeadLetters;
import io.spendwatch.protocol.Topics;
import io.spendwatch.streams.ledger.SimulatedAccounts;
import io.spendwatch.streams.ledger.SimulatedAlerts.StoredAlert;
import io.spendwatch.streams.ledger.SimulatedLosses.LostRecords;
import io.spendwatch.streams.ledger.SimulatedTransactions.StoredTransaction;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Compares what is in the tables and in the topics with what must be there: where all balances are
 * known before transactions come, all of it with {@link Expected}; where they change meanwhile, the
 * exposures with it, and the rest with what holds whenever a change is noticed.
 */
public final class Verdict {
  private static final long IDLE_MS = 25 * 3_600_000L;
  private static final long DAY_MS = 24 * 3_600_000L;

  private final World world;
  private final Topics topics;
  private final Workload workload;
  private final Map<Integer, List<Workload.Sent>> sent;
  private final List<String> differences = new ArrayList<>();

  /**
   * Of a world at rest.
   *
   * @param sent the transactions topic, by partition
   */
  public Verdict(
      World world, Topics topics, Workload workload, Map<Integer, List<Workload.Sent>> sent) {
    this.world = world;
    this.topics = topics;
    this.workload = workload;
    this.sent = sent;
  }

  /**
   * What is not as it must be, for people.
   *
   * @param idled whether a day has passed since the last record
   */
  public List<String> differences(boolean idled) {
    List<String> found = differences(idled, (_, _) -> false);
    if (!found.isEmpty() && !world.postgres().lostRecords().isEmpty()) {
      // Which of the lost ones had been assessed, with rows of later records, nobody has noted.
      for (Assessed assessed : List.<Assessed>of(this::isBeforeARow, (_, _) -> true)) {
        if (differences(idled, assessed).isEmpty()) {
          return List.of();
        }
      }
    }
    return found;
  }

  /**
   * Whether a record that was lost had been assessed before: it left no row, as a duplicate or a
   * dead letter that was never published, but time has passed with it.
   */
  @FunctionalInterface
  private interface Assessed {
    boolean was(int partition, long offset);
  }

  private boolean isBeforeARow(int partition, long offset) {
    long begin = world.kafka().begin(new TopicPartition(topics.transactions(), partition));
    return world.postgres().transactions().stream()
        .anyMatch(
            row -> row.partition() == partition && row.offset() > offset && row.offset() < begin);
  }

  private List<String> differences(boolean idled, Assessed assessed) {
    differences.clear();
    Expected expected = new Expected(workload.changes().isEmpty() ? versions() : Map.of());
    Set<String> deadLetters = new HashSet<>();
    // A life can end between assessing these and publishing them; the next one may know their id by
    // a
    // row that came after them, and then they are duplicates.
    Map<String, String> refusals = new HashMap<>();
    sent.forEach(
        (partition, records) -> {
          for (int offset = 0; offset < records.size(); offset++) {
            Workload.Sent record = records.get(offset);
            if (isLost(partition, offset)) {
              if (record.reason() == null && assessed.was(partition, offset)) {
                boolean _ = expected.arrive(partition, offset, record.transaction());
              }
              continue;
            }
            if (record.reason() == null) {
              if (expected.arrive(partition, offset, record.transaction())) {
                String letter = partition + "@" + offset + " CURRENCY_MISMATCH";
                deadLetters.add(letter);
                refusals.put(letter, Expected.key(record.transaction()));
              }
            } else {
              // What PostgreSQL would refuse is not sent to it where it is refused before.
              boolean refused =
                  record.transaction() != null && expected.refuses(record.transaction());
              deadLetters.add(
                  partition
                      + "@"
                      + offset
                      + " "
                      + (refused ? DeadLetterReason.CURRENCY_MISMATCH : record.reason()));
            }
          }
        });
    expected.end(idled ? IDLE_MS : 0);
    if (workload.changes().isEmpty()) {
      compare("rows", Set.copyOf(expected.rows()), rows());
      compareAlerts(expected.alerts());
    } else {
      compare("exposures", withoutBalances(expected.rows()), withoutBalances(rows()));
      checkBalancesOfRows();
      checkEpisodes();
      checkOpenEpisodes(expected);
    }
    checkFigures();
    checkLost();
    comparePublished();
    refusals.values().removeIf(key -> !expected.hasAccepted(key));
    compareDeadLetters(deadLetters, refusals.keySet());
    expected
        .streamTimesMs()
        .forEach(
            (partition, streamTimeMs) -> {
              Long stored = world.postgres().pipelines().get(partition).streamTimeMs();
              // What was assessed and not published before it was lost has moved it.
              boolean isRight =
                  hasLost(partition)
                      ? stored != null && stored >= streamTimeMs
                      : streamTimeMs.equals(stored);
              if (!isRight) {
                differences.add("stream time of " + partition + ": " + stored);
              }
            });
    return List.copyOf(differences);
  }

  private boolean hasLost(int partition) {
    return world.postgres().lostRecords().stream()
        .anyMatch(
            lost -> lost.topic().equals(topics.transactions()) && lost.partition() == partition);
  }

  private boolean isLost(int partition, long offset) {
    return world.postgres().lostRecords().stream()
        .anyMatch(
            lost ->
                lost.topic().equals(topics.transactions())
                    && lost.partition() == partition
                    && offset >= lost.from()
                    && (lost.to() == null || offset < lost.to()));
  }

  /** What is noted as lost is gone, has no row, and is noted once. */
  private void checkLost() {
    Set<String> offsets = new HashSet<>();
    Set<String> stored = new HashSet<>();
    world
        .postgres()
        .transactions()
        .forEach(row -> stored.add(row.partition() + "@" + row.offset()));
    for (LostRecords lost : world.postgres().lostRecords()) {
      long begin = world.kafka().begin(new TopicPartition(lost.topic(), lost.partition()));
      if (lost.to() == null || lost.to() > begin || lost.from() >= lost.to()) {
        differences.add("not lost: " + lost + ", the log begins at " + begin);
        continue;
      }
      for (long offset = lost.from(); offset < lost.to(); offset++) {
        String place = lost.partition() + "@" + offset;
        if (stored.contains(place)) {
          differences.add("lost, and stored: " + place);
        }
        if (!offsets.add(place)) {
          differences.add("lost twice: " + place);
        }
      }
    }
  }

  private static Set<Expected.Row> withoutBalances(Iterable<Expected.Row> rows) {
    Set<Expected.Row> without = new HashSet<>();
    for (Expected.Row row : rows) {
      boolean tooLate = row.verdict().equals("TOO_LATE");
      without.add(
          new Expected.Row(
              row.userId(),
              row.transactionId(),
              row.eventTimeMs(),
              row.exposureMinor(),
              null,
              null,
              tooLate ? "TOO_LATE" : "",
              row.partition(),
              row.offset()));
    }
    return without;
  }

  /** A verdict follows from its row, and the balance in it was in force once. */
  private void checkBalancesOfRows() {
    for (StoredTransaction row : world.postgres().transactions()) {
      String follows =
          row.balanceMinor() == null
              ? "NO_ACCOUNT"
              : row.exposureMinor() > row.balanceMinor() ? "BREACH" : "CLEAR";
      if (!row.verdict().equals("TOO_LATE") && !row.verdict().equals(follows)) {
        differences.add("does not follow: " + row);
      }
      if (!isInForce(row)) {
        differences.add("never in force: " + row + " " + versions(row.userId()));
      }
    }
  }

  /** Under the versions that were known at some moment, those with the lowest numbers. */
  private boolean isInForce(StoredTransaction row) {
    List<Version> all = versions(row.userId());
    long last = all.stream().mapToLong(Version::number).max().orElse(0);
    if (wasReopened(row.userId())) {
      return true;
    }
    for (long known = 0; known <= last; known++) {
      long highest = known;
      List<Version> of = all.stream().filter(version -> version.number() <= highest).toList();
      Version inForce = inForce(of, row.eventTimeMs());
      boolean none = inForce == null || inForce.closed();
      if (none
          ? row.balanceVersion() == null
          : Long.valueOf(inForce.number()).equals(row.balanceVersion())
              && Long.valueOf(inForce.balanceMinor()).equals(row.balanceMinor())) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether an account went and was taken up again as of before that: what was decided in between
   * rests on what is not there any more.
   */
  private boolean wasReopened(String userId) {
    List<Version> all = versions(userId);
    return all.stream().anyMatch(version -> version.number() > all.size());
  }

  private static Version inForce(List<Version> of, long eventTimeMs) {
    Version inForce = of.isEmpty() ? null : of.getFirst();
    for (Version version : of) {
      inForce = version.asOfMs() < eventTimeMs ? version : inForce;
    }
    return inForce;
  }

  private Map<String, List<Version>> versions() {
    Map<String, List<Version>> versions = new HashMap<>();
    for (Workload.Change change : workload.balances()) {
      versions.put(change.userId(), versions(change.userId()));
    }
    return versions;
  }

  /** In their order, with a version of its own where the account went. */
  private List<Version> versions(String userId) {
    List<Version> versions = new ArrayList<>();
    for (SimulatedAccounts.Version stored : world.postgres().versions(userId)) {
      versions.add(
          new Version(
              stored.number(), stored.asOfMs(), stored.balanceMinor(), stored.currency(), false));
      if (stored.closedAtMs() != null) {
        versions.add(
            new Version(
                stored.closedNumber(),
                stored.closedAtMs(),
                stored.balanceMinor(),
                stored.currency(),
                true));
      }
    }
    versions.sort(Comparator.comparingLong(Version::asOfMs).thenComparingLong(Version::number));
    return versions;
  }

  /** Raised once, cleared at most once and afterwards. */
  private void checkEpisodes() {
    Map<String, String> last = new HashMap<>();
    for (StoredAlert alert : world.postgres().alerts()) {
      String before = last.put(alert.episodeId(), alert.type());
      boolean raised = alert.type().equals("RAISED");
      if (raised ? before != null : !"RAISED".equals(before)) {
        differences.add("after " + before + ": " + alert);
      }
    }
  }

  /** A RAISED states a breach, a CLEARED none; who is named was there. */
  private void checkFigures() {
    for (StoredAlert alert : world.postgres().alerts()) {
      boolean isBreach = alert.exposureMinor() > alert.balanceMinor();
      boolean gone =
          wasReopened(alert.userId())
              || versions(alert.userId()).stream()
                  .anyMatch(version -> version.closed() && version.asOfMs() <= alert.eventTimeMs());
      if (isBreach != alert.type().equals("RAISED") && !gone) {
        differences.add("states other figures: " + alert);
      }
      if (alert.transactionId() == null
          ? alert.type().equals("RAISED") && !"BALANCE".equals(alert.cause())
          : world.postgres().transactions().stream()
              .noneMatch(
                  row ->
                      row.userId().equals(alert.userId())
                          && row.transactionId().equals(alert.transactionId())
                          && row.eventTimeMs() == alert.eventTimeMs())) {
        differences.add("names nobody who was there: " + alert);
      }
    }
  }

  /** Everybody has heard of all changes: who is in an episode is in breach. */
  private void checkOpenEpisodes(Expected expected) {
    Map<String, StoredAlert> open = new HashMap<>();
    for (StoredAlert alert : world.postgres().alerts()) {
      if (alert.type().equals("RAISED")) {
        open.put(alert.episodeId(), alert);
      } else {
        open.remove(alert.episodeId());
      }
    }
    for (StoredAlert alert : open.values()) {
      long streamTimeMs = expected.streamTimesMs().get(alert.partition());
      Version balance = inForce(versions(alert.userId()), streamTimeMs);
      long exposureMinor = exposureAroundMinor(alert.userId(), balance, streamTimeMs);
      if (balance == null || balance.closed() || exposureMinor <= balance.balanceMinor()) {
        differences.add("not in breach: " + exposureMinor + " " + balance + " " + alert);
      }
    }
  }

  /** A user's exposure at an instant, with or without what leaves at that very instant. */
  private long exposureAroundMinor(String userId, Version balance, long atMs) {
    long sumMinor = 0;
    long leavingMinor = 0;
    for (StoredTransaction row : world.postgres().transactions()) {
      if (balance != null
          && row.userId().equals(userId)
          && row.currency().equals(balance.currency())) {
        long signedMinor = row.kind().equals("REFUND") ? -row.amountMinor() : row.amountMinor();
        if (row.eventTimeMs() > atMs - DAY_MS && row.eventTimeMs() <= atMs) {
          sumMinor += signedMinor;
        } else if (row.eventTimeMs() == atMs - DAY_MS) {
          leavingMinor += signedMinor;
        }
      }
    }
    return sumMinor + Math.max(0, leavingMinor);
  }

  private Set<Expected.Row> rows() {
    Set<Expected.Row> rows = new HashSet<>();
    world
        .postgres()
        .transactions()
        .forEach(
            row ->
                rows.add(
                    new Expected.Row(
                        row.userId(),
                        row.transactionId(),
                        row.eventTimeMs(),
                        row.exposureMinor(),
                        row.balanceMinor(),
                        row.balanceVersion(),
                        row.verdict(),
                        row.partition(),
                        row.offset())));
    return rows;
  }

  private void compareAlerts(Map<String, List<NaiveUser.Alert>> expected) {
    Map<String, List<NaiveUser.Alert>> actual = new HashMap<>();
    Map<String, Map<String, Integer>> episodes = new HashMap<>();
    for (StoredAlert alert : world.postgres().alerts()) {
      Map<String, Integer> numbers = episodes.computeIfAbsent(alert.userId(), _ -> new HashMap<>());
      int episode = numbers.computeIfAbsent(alert.episodeId(), _ -> numbers.size());
      actual
          .computeIfAbsent(alert.userId(), _ -> new ArrayList<>())
          .add(
              new NaiveUser.Alert(
                  alert.type(),
                  episode,
                  alert.transactionId(),
                  alert.exposureMinor(),
                  alert.balanceMinor(),
                  alert.transactions(),
                  alert.eventTimeMs(),
                  alert.late(),
                  alert.revealedBy(),
                  alert.cause()));
    }
    Set<String> users = new HashSet<>(expected.keySet());
    users.addAll(actual.keySet());
    for (String user : users) {
      List<NaiveUser.Alert> must = expected.getOrDefault(user, List.of());
      List<NaiveUser.Alert> is = actual.getOrDefault(user, List.of());
      if (!must.equals(is)) {
        differences.add("alerts of " + user + "\n  must be " + must + "\n  but are " + is);
      }
    }
  }

  /** What subscribers have seen is what the table says, once, in its order. */
  private void comparePublished() {
    Map<Integer, List<String>> stored = new HashMap<>();
    for (StoredAlert alert : world.postgres().alerts()) {
      stored.computeIfAbsent(alert.partition(), _ -> new ArrayList<>()).add(alert.alertId());
    }
    Map<Integer, List<String>> seen = new HashMap<>();
    for (ProducerRecord<byte[], byte[]> record : world.kafka().published(topics.alerts())) {
      Alert alert = AlertCodec.decode(record.value());
      seen.computeIfAbsent(alert.source().partition(), _ -> new ArrayList<>()).add(alert.alertId());
    }
    if (!stored.equals(seen)) {
      differences.add("alerts stored " + stored + "\n but published " + seen);
    }
  }

  private void compareDeadLetters(Set<String> expected, Set<String> mayBeMissing) {
    List<String> seen = new ArrayList<>();
    for (ProducerRecord<byte[], byte[]> letter :
        world.kafka().published(topics.transactionsDeadLetters())) {
      seen.add(
          header(letter, DeadLetters.PARTITION)
              + "@"
              + header(letter, DeadLetters.OFFSET)
              + " "
              + header(letter, DeadLetters.REASON));
    }
    List<String> must = new ArrayList<>(expected);
    must.removeIf(letter -> mayBeMissing.contains(letter) && !seen.contains(letter));
    Collections.sort(must);
    Collections.sort(seen);
    if (!must.equals(seen)) {
      differences.add("dead letters must be " + must + "\n but are " + seen);
    }
  }

  private String header(ProducerRecord<byte[], byte[]> letter, String name) {
    return new String(letter.headers().lastHeader(name).value(), UTF_8);
  }

  private <T> void compare(String what, Set<T> expected, Set<T> actual) {
    Set<T> missing = new HashSet<>(expected);
    missing.removeAll(actual);
    Set<T> extra = new HashSet<>(actual);
    extra.removeAll(expected);
    missing.forEach(each -> differences.add(what + ": missing " + each));
    extra.forEach(each -> differences.add(what + ": extra " + each));
  }
}
