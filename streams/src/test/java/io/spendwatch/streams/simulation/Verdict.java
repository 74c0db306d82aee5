package io.spendwatch.streams.simulation;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCodec;
import io.spendwatch.protocol.DeadLetters;
import io.spendwatch.protocol.Topics;
import io.spendwatch.streams.postgres.SimulatedPostgres.Account;
import io.spendwatch.streams.postgres.SimulatedPostgres.LostRecords;
import io.spendwatch.streams.postgres.SimulatedPostgres.StoredAlert;
import io.spendwatch.streams.postgres.SimulatedPostgres.StoredTransaction;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Compares what is in the tables and in the topics with what must be there: where balances stay as
 * they are, all of it with {@link Expected}; where they change while transactions arrive, the
 * exposures with it, and the rest with what holds whenever a change is noticed.
 */
public final class Verdict {
  private static final long IDLE_MS = 25 * 3_600_000L;

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
    Expected expected = new Expected(workload.balances());
    Set<String> deadLetters = new HashSet<>();
    sent.forEach(
        (partition, records) -> {
          for (int offset = 0; offset < records.size(); offset++) {
            Workload.Sent record = records.get(offset);
            if (isLost(partition, offset)) {
              continue;
            }
            if (record.reason() == null) {
              expected.arrive(partition, offset, record.transaction());
            } else {
              deadLetters.add(partition + "@" + offset + " " + record.reason());
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
    checkLost();
    comparePublished();
    compareDeadLetters(deadLetters);
    expected
        .streamTimesMs()
        .forEach(
            (partition, streamTimeMs) -> {
              Long stored = world.postgres().pipelines().get(partition).streamTimeMs();
              if (!streamTimeMs.equals(stored)) {
                differences.add("stream time of " + partition + ": " + stored);
              }
            });
    return differences;
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
      if (row.balanceMinor() != null
          && world.balances().stream()
              .noneMatch(
                  each ->
                      each.userId().equals(row.userId())
                          && each.version() == row.balanceVersion()
                          && each.balanceMinor() == row.balanceMinor())) {
        differences.add("never in force: " + row);
      }
    }
  }

  /** Raised once, cleared at most once and afterwards; no RAISED rests on a stale balance. */
  private void checkEpisodes() {
    Map<String, String> last = new HashMap<>();
    for (StoredAlert alert : world.postgres().alerts()) {
      String before = last.put(alert.episodeId(), alert.type());
      boolean raised = alert.type().equals("RAISED");
      if (raised ? before != null : !"RAISED".equals(before)) {
        differences.add("after " + before + ": " + alert);
      }
      if (raised && alert.exposureMinor() <= alert.balanceMinor()) {
        differences.add("no breach: " + alert);
      }
      if (raised
          && world.balances().stream()
              .noneMatch(
                  each ->
                      each.userId().equals(alert.userId())
                          && each.balanceMinor() == alert.balanceMinor()
                          && each.toMs() >= alert.detectedAtMs())) {
        differences.add("stale balance: " + alert + " " + world.balances());
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
      Account account = world.postgres().accounts().get(alert.userId());
      long streamTimeMs = expected.streamTimesMs().get(alert.partition());
      long exposureMinor = expected.exposureAroundMinor(alert.userId(), streamTimeMs);
      if (account == null || exposureMinor <= account.balanceMinor()) {
        differences.add("not in breach: " + exposureMinor + " " + account + " " + alert);
      }
    }
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
                        row.verdict(),
                        row.partition(),
                        row.offset())));
    return rows;
  }

  private void compareAlerts(Map<String, List<Expected.Alert>> expected) {
    Map<String, List<Expected.Alert>> actual = new HashMap<>();
    Map<String, Map<String, Integer>> episodes = new HashMap<>();
    for (StoredAlert alert : world.postgres().alerts()) {
      Map<String, Integer> numbers = episodes.computeIfAbsent(alert.userId(), _ -> new HashMap<>());
      int episode = numbers.computeIfAbsent(alert.episodeId(), _ -> numbers.size());
      actual
          .computeIfAbsent(alert.userId(), _ -> new ArrayList<>())
          .add(
              new Expected.Alert(
                  alert.type(),
                  episode,
                  alert.transactionId(),
                  alert.exposureMinor(),
                  alert.balanceMinor(),
                  alert.transactions(),
                  alert.eventTimeMs(),
                  alert.late(),
                  alert.cause()));
    }
    Set<String> users = new HashSet<>(expected.keySet());
    users.addAll(actual.keySet());
    for (String user : users) {
      List<Expected.Alert> must = expected.getOrDefault(user, List.of());
      List<Expected.Alert> is = actual.getOrDefault(user, List.of());
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

  private void compareDeadLetters(Set<String> expected) {
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
