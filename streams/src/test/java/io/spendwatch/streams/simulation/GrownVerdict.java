package io.spendwatch.streams.simulation;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.actors.exposure.ExposureWindow;
import io.spendwatch.actors.exposure.NaiveUser.Version;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCodec;
import io.spendwatch.protocol.DeadLetters;
import io.spendwatch.protocol.Partitioner;
import io.spendwatch.protocol.Topics;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.streams.ledger.SimulatedAlerts.StoredAlert;
import io.spendwatch.streams.ledger.SimulatedTransactions.StoredTransaction;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Compares what is in the tables and in the topics with what must be there after the transactions
 * topic has grown in the midst of it. Where a user's records are then, and when partitions come to
 * them, is the growth's to say; so the arrival of a user's records is taken from the rows, and what
 * must follow from it is held against {@link Expected}.
 */
public final class GrownVerdict {
  private final World world;
  private final Topics topics;
  private final Workload workload;
  private final int before;
  private final int after;
  private final List<String> differences = new ArrayList<>();

  /**
   * Of a world at rest.
   *
   * @param before how many partitions there were
   * @param after how many there are
   */
  public GrownVerdict(World world, Topics topics, Workload workload, int before, int after) {
    this.world = world;
    this.topics = topics;
    this.workload = workload;
    this.before = before;
    this.after = after;
  }

  /**
   * What is not as it must be, for people.
   *
   * @param idled whether a day has gone by since the last record
   */
  public List<String> differences(boolean idled) {
    checkRows();
    checkHomes();
    checkPassedOn();
    Collection<StoredAlert> open = checkEpisodes();
    if (idled) {
      // All that was spent has left its window.
      open.forEach(alert -> differences.add("still open: " + alert));
    } else if (workload.changes().isEmpty()) {
      checkOpen(open);
    }
    comparePublished();
    compareDeadLetters();
    return differences;
  }

  /** Each transaction once, with the exposure of what had arrived before it. */
  private void checkRows() {
    Set<String> must = new HashSet<>();
    Map<String, Set<Transaction>> sent = new HashMap<>();
    for (Workload.Sent record : workload.records()) {
      if (record.reason() == null) {
        String key = record.key() + "/" + record.transaction().transactionId();
        must.add(key);
        sent.computeIfAbsent(key, _ -> new HashSet<>()).add(record.transaction());
      }
    }
    List<String> are = new ArrayList<>();
    Map<String, Long> balances =
        workload.changes().isEmpty() ? workload.constantBalances() : Map.of();
    Map<String, List<Version>> versions = new HashMap<>();
    balances.forEach(
        (userId, minor) -> versions.put(userId, List.of(new Version(1, 0, minor, "USD", false))));
    Expected expected = new Expected(versions);
    Map<String, StoredTransaction> rows = new HashMap<>();
    for (StoredTransaction row : world.postgres().transactions()) {
      String key = row.userId() + "/" + row.transactionId();
      are.add(key);
      rows.put(key, row);
      sent.getOrDefault(key, Set.of()).stream()
          .filter(each -> each.eventTimeMs() == row.eventTimeMs())
          .findFirst()
          .ifPresentOrElse(
              each -> {
                boolean _ = expected.arrive(row.partition(), row.offset(), each);
              },
              () -> differences.add("never sent: " + row));
    }
    if (are.size() != must.size() || !must.equals(Set.copyOf(are))) {
      List<String> missing = new ArrayList<>(must);
      are.forEach(missing::remove);
      differences.add("rows missing " + missing + " of " + must.size() + ", there " + are.size());
    }
    for (Expected.Row row : expected.rows()) {
      StoredTransaction is = rows.get(row.userId() + "/" + row.transactionId());
      boolean sameVerdict =
          balances.isEmpty()
              ? row.verdict().equals("TOO_LATE") == is.verdict().equals("TOO_LATE")
              : row.verdict().equals(is.verdict());
      if (is.exposureMinor() != row.exposureMinor() || !sameVerdict) {
        differences.add("row must be " + row + "\n  but is " + is);
      }
    }
  }

  /** No row was written where its user was never at home, and none in a former home afterwards. */
  private void checkHomes() {
    Set<String> moved = new HashSet<>();
    for (StoredTransaction row : world.postgres().transactions()) {
      int home = Partitioner.MURMUR2.partitionOf(row.userId(), after);
      int former = Partitioner.MURMUR2.partitionOf(row.userId(), before);
      if (home == former ? row.partition() != home : row.partition() == home) {
        if (home == former) {
          differences.add("not at home: " + row);
        }
        moved.add(row.userId());
      } else if (home != former && (row.partition() != former || moved.contains(row.userId()))) {
        differences.add("in a home that is over: " + row);
      }
    }
  }

  /** What was there before the topic grew is assessed where it is, and what was assessed stays. */
  private void checkPassedOn() {
    Set<String> copies = new HashSet<>();
    Map<String, StoredTransaction> rows = new HashMap<>();
    world
        .postgres()
        .transactions()
        .forEach(row -> rows.put(row.userId() + "/" + row.transactionId(), row));
    for (ProducerRecord<byte[], byte[]> copy : world.kafka().published(topics.transactions())) {
      String value = new String(copy.value(), UTF_8);
      copies.add(value);
      int home = Partitioner.MURMUR2.partitionOf(copy.key(), after);
      if (copy.partition() != home) {
        differences.add("passed on to " + copy.partition() + " instead of " + home + ": " + value);
      }
      workload.records().stream()
          .filter(sent -> sent.value().equals(value) && sent.reason() == null && isSentOnce(value))
          .map(sent -> rows.get(sent.key() + "/" + sent.transaction().transactionId()))
          .filter(row -> row != null && row.partition() != home && isOf(row, value))
          .forEach(row -> differences.add("passed on though it was assessed: " + row));
    }
    world
        .kafka()
        .endsBeforeGrowth()
        .forEach(
            (partition, end) ->
                world.kafka().log(partition).subList(0, end).stream()
                    .map(record -> new String(record.value(), UTF_8))
                    .filter(value -> copies.contains(value) && isSentOnce(value))
                    .forEach(value -> differences.add("passed on, not assessed: " + value)));
  }

  /** The same id may come again, as it was or with something else. */
  private boolean isOf(StoredTransaction row, String value) {
    List<String> values =
        world.kafka().log(new TopicPartition(topics.transactions(), row.partition())).stream()
            .map(record -> new String(record.value(), UTF_8))
            .toList();
    return values.indexOf(value) == row.offset() && values.lastIndexOf(value) == row.offset();
  }

  private boolean isSentOnce(String value) {
    return workload.records().stream().filter(each -> each.value().equals(value)).count() == 1;
  }

  /** Raised once, cleared at most once and afterwards; answers what is open. */
  private Collection<StoredAlert> checkEpisodes() {
    Map<String, StoredAlert> open = new HashMap<>();
    Set<String> raised = new HashSet<>();
    for (StoredAlert alert : inOrder()) {
      if (alert.type().equals("RAISED")) {
        if (!raised.add(alert.episodeId())) {
          differences.add("raised again: " + alert);
        }
        open.put(alert.episodeId(), alert);
        if (alert.exposureMinor() <= alert.balanceMinor()) {
          differences.add("no breach: " + alert);
        }
      } else if (open.remove(alert.episodeId()) == null) {
        differences.add("cleared while not open: " + alert);
      }
    }
    return open.values();
  }

  /** Who is in an episode is in breach, and the other way round. */
  private void checkOpen(Collection<StoredAlert> open) {
    Map<String, Long> latest = new HashMap<>();
    world
        .postgres()
        .transactions()
        .forEach(row -> latest.merge(row.userId(), row.eventTimeMs(), Math::max));
    for (StoredAlert alert : open) {
      int home = Partitioner.MURMUR2.partitionOf(alert.userId(), after);
      Long streamTimeMs = world.postgres().pipelines().get(home).streamTimeMs();
      long atMs = Math.max(streamTimeMs - 1, latest.get(alert.userId()));
      if (exposureMinor(alert.userId(), atMs) <= workload.constantBalances().get(alert.userId())) {
        differences.add("not in breach at " + atMs + ": " + alert);
      }
    }
    Set<String> inEpisode = new HashSet<>();
    open.forEach(alert -> inEpisode.add(alert.userId()));
    latest.forEach(
        (userId, atMs) -> {
          Long balance = workload.constantBalances().get(userId);
          int home = Partitioner.MURMUR2.partitionOf(userId, after);
          Long streamTimeMs = world.postgres().pipelines().get(home).streamTimeMs();
          long nowMs = Math.max(atMs, streamTimeMs);
          boolean stays =
              balance != null
                  && exposureMinor(userId, atMs) > balance
                  && exposureMinor(userId, nowMs) > balance;
          if (stays && !inEpisode.contains(userId) && neverDips(userId, atMs, nowMs, balance)) {
            differences.add("in breach, but in no episode: " + userId);
          }
        });
  }

  private boolean neverDips(String userId, long fromMs, long toMs, long balance) {
    return world.postgres().transactions().stream()
        .filter(row -> row.userId().equals(userId))
        .map(row -> row.eventTimeMs() + ExposureWindow.WINDOW_MS)
        .filter(leavesMs -> leavesMs > fromMs && leavesMs <= toMs)
        .allMatch(leavesMs -> exposureMinor(userId, leavesMs) > balance);
  }

  private long exposureMinor(String userId, long atMs) {
    return world.postgres().transactions().stream()
        .filter(row -> row.userId().equals(userId))
        .filter(
            row -> row.eventTimeMs() > atMs - ExposureWindow.WINDOW_MS && row.eventTimeMs() <= atMs)
        .mapToLong(row -> row.kind().equals("REFUND") ? -row.amountMinor() : row.amountMinor())
        .sum();
  }

  /** A user's former home first: nothing is written there once the new one begins. */
  private List<StoredAlert> inOrder() {
    List<StoredAlert> ordered = new ArrayList<>();
    List<StoredAlert> atHome = new ArrayList<>();
    for (StoredAlert alert : world.postgres().alerts()) {
      boolean isNew = alert.partition() == Partitioner.MURMUR2.partitionOf(alert.userId(), after);
      (isNew ? atHome : ordered).add(alert);
    }
    ordered.addAll(atHome);
    return ordered;
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

  private void compareDeadLetters() {
    List<String> must = new ArrayList<>();
    for (Workload.Sent record : workload.records()) {
      if (record.reason() != null) {
        must.add(record.value() + " " + record.reason());
      }
    }
    List<String> are = new ArrayList<>();
    for (ProducerRecord<byte[], byte[]> letter :
        world.kafka().published(topics.transactionsDeadLetters())) {
      are.add(
          new String(letter.value(), UTF_8)
              + " "
              + new String(letter.headers().lastHeader(DeadLetters.REASON).value(), UTF_8));
    }
    Collections.sort(must);
    Collections.sort(are);
    if (!must.equals(are)) {
      differences.add("dead letters must be " + must + "\n but are " + are);
    }
  }
}
