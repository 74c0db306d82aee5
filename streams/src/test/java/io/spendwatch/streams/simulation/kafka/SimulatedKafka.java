package io.spendwatch.streams.simulation.kafka;

import io.spendwatch.streams.simulation.scheduler.Scheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;

/**
 * The broker: logs, the group's committed offsets, and transactions. Each method is one request,
 * served at one moment.
 */
public final class SimulatedKafka {
  static final Duration SESSION = Duration.ofSeconds(2);
  private static final Duration TRANSACTION = Duration.ofSeconds(4);

  /** What the coordinator knows of a transactional id. */
  private static final class Transaction {
    int epoch = -1;
    boolean open;
    long openedNanos;
    final List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    final Map<TopicPartition, OffsetAndMetadata> offsets = new LinkedHashMap<>();

    void close() {
      open = false;
      records.clear();
      offsets.clear();
    }
  }

  private final Scheduler scheduler;
  private final Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> logs =
      new LinkedHashMap<>();
  private final Set<String> missing = new HashSet<>();
  private final Map<TopicPartition, Long> begins = new HashMap<>();
  private final Map<TopicPartition, OffsetAndMetadata> committed = new HashMap<>();
  private final Map<String, Transaction> transactions = new LinkedHashMap<>();
  private final Map<String, List<ProducerRecord<byte[], byte[]>>> published = new HashMap<>();
  private final SimulatedGroup group;
  private final Map<TopicPartition, Integer> endsBeforeGrowth = new LinkedHashMap<>();
  private final String transactionsTopic;

  public SimulatedKafka(Scheduler scheduler, String transactions, int partitions, String balances) {
    this.scheduler = scheduler;
    this.transactionsTopic = transactions;
    for (int i = 0; i < partitions; i++) {
      logs.put(new TopicPartition(transactions, i), new ArrayList<>());
    }
    logs.put(new TopicPartition(balances, 0), new ArrayList<>());
    this.group = new SimulatedGroup(scheduler, List.copyOf(logs.keySet()));
    checkTimeouts();
  }

  SimulatedGroup group() {
    return group;
  }

  /** Somebody adds partitions to the transactions topic; the group hears of it some time later. */
  public void grow(int partitions) {
    logs.forEach((partition, log) -> endsBeforeGrowth.put(partition, log.size()));
    for (int i = partitions(transactionsTopic); i < partitions; i++) {
      logs.put(new TopicPartition(transactionsTopic, i), new ArrayList<>());
    }
    scheduler.after(
        Duration.ofNanos(scheduler.some(Duration.ZERO, Duration.ofSeconds(2))),
        () -> group.has(List.copyOf(logs.keySet())));
  }

  /** Where each partition ended when the topic grew; empty unless it did. */
  public Map<TopicPartition, Integer> endsBeforeGrowth() {
    return endsBeforeGrowth;
  }

  /** Somebody outside produces a record. */
  public void append(TopicPartition partition, byte[] key, byte[] value) {
    append(partition, key, value, new RecordHeaders());
  }

  private void append(TopicPartition partition, byte[] key, byte[] value, Headers headers) {
    List<ConsumerRecord<byte[], byte[]>> log = logs.get(partition);
    log.add(
        new ConsumerRecord<>(
            partition.topic(),
            partition.partition(),
            log.size(),
            scheduler.nanoTime() / 1_000_000,
            TimestampType.CREATE_TIME,
            key == null ? -1 : key.length,
            value == null ? -1 : value.length,
            key,
            value,
            headers,
            Optional.empty()));
  }

  public List<ConsumerRecord<byte[], byte[]>> log(TopicPartition partition) {
    return logs.get(partition);
  }

  /** What a read_committed subscriber of an output topic has seen, in the order of commits. */
  public List<ProducerRecord<byte[], byte[]>> published(String topic) {
    return published.getOrDefault(topic, List.of());
  }

  /** Whether all that was produced has been read and committed, and nothing is open. */
  public boolean isCaughtUp() {
    for (Map.Entry<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> log : logs.entrySet()) {
      OffsetAndMetadata offset = committed.get(log.getKey());
      if (!log.getValue().isEmpty()
          && (offset == null || offset.offset() < log.getValue().size())) {
        return false;
      }
    }
    return transactions.values().stream().noneMatch(transaction -> transaction.open);
  }

  /** For people, when a seed is stuck. */
  public String describe() {
    Map<TopicPartition, Integer> ends = new LinkedHashMap<>();
    logs.forEach((partition, log) -> ends.put(partition, log.size()));
    return "ends " + ends + "\ncommitted " + committed + "\n" + group.describe();
  }

  /** As retention does: removes all before this offset, whether it was read or not. */
  public void removeBefore(TopicPartition partition, long offset) {
    begins.merge(partition, Math.min(offset, end(partition)), Math::max);
  }

  /** The group's offsets of this partition are gone, as when they have expired. */
  public void forgetOffsets(TopicPartition partition) {
    committed.remove(partition);
  }

  /** Offset of the first record that is still there. */
  public long begin(TopicPartition partition) {
    return begins.getOrDefault(partition, 0L);
  }

  public long end(TopicPartition partition) {
    return logs.get(partition).size();
  }

  int partitions(String topic) {
    return (int) logs.keySet().stream().filter(p -> p.topic().equals(topic)).count();
  }

  /** Whether an open transaction holds an offset of this partition. */
  boolean isUnstable(TopicPartition partition) {
    return transactions.values().stream()
        .anyMatch(transaction -> transaction.offsets.containsKey(partition));
  }

  /** The topics that there are, by name, with their ids. */
  Map<String, String> topicIds(Set<String> names) {
    Map<String, String> ids = new HashMap<>();
    names.forEach(name -> ids.put(name, "id of " + name));
    ids.keySet().removeAll(missing);
    return ids;
  }

  /** From now on there is no such topic; what was published to it stays seen. */
  public void remove(String topic) {
    missing.add(topic);
  }

  /** It is there again. */
  public void putBack(String topic) {
    missing.remove(topic);
  }

  boolean isMissing(String topic) {
    return missing.contains(topic);
  }

  public OffsetAndMetadata committed(TopicPartition partition) {
    return committed.get(partition);
  }

  /** Fences whoever had this id before and aborts what was open. Answers the new epoch. */
  int initTransactions(String transactionalId) {
    Transaction transaction = transactions.computeIfAbsent(transactionalId, _ -> new Transaction());
    if (transaction.open) {
      scheduler.trace().happened("open transaction of an earlier producer aborted");
    }
    transaction.close();
    return ++transaction.epoch;
  }

  /** Ends what nodes have open that are not in the group. An id is its host's name and a number. */
  Set<String> endHangingTransactions() {
    Set<String> ended = new LinkedHashSet<>();
    transactions.forEach(
        (id, transaction) -> {
          String node = id.substring(0, id.lastIndexOf('/'));
          if (transaction.open && !group.hasMemberOn(node)) {
            scheduler.trace().happened("hanging transaction ended");
            transaction.close();
            transaction.epoch++;
            ended.add(node);
          }
        });
    return ended;
  }

  void sendOffsets(
      String transactionalId,
      int epoch,
      Map<TopicPartition, OffsetAndMetadata> offsets,
      ConsumerGroupMetadata metadata) {
    Transaction transaction = current(transactionalId, epoch);
    open(transaction);
    if (!group.isCurrent(metadata.memberId(), metadata.generationId())) {
      scheduler.trace().happened("offsets of an older generation refused");
      throw new CommitFailedException("generation " + metadata.generationId() + " is over");
    }
    transaction.offsets.putAll(offsets);
  }

  void commit(String transactionalId, int epoch, List<ProducerRecord<byte[], byte[]>> records) {
    Transaction transaction = current(transactionalId, epoch);
    if (!transaction.open) {
      throw new InvalidProducerEpochException("the transaction is over");
    }
    for (ProducerRecord<byte[], byte[]> record : records) {
      published.computeIfAbsent(record.topic(), _ -> new ArrayList<>()).add(record);
      if (record.topic().equals(transactionsTopic)) {
        scheduler.trace().happened("record passed on");
        TopicPartition home = new TopicPartition(record.topic(), record.partition());
        append(home, record.key(), record.value(), record.headers());
      }
    }
    committed.putAll(transaction.offsets);
    scheduler.trace().say(() -> "committed " + records.size() + ", " + transaction.offsets);
    transaction.close();
  }

  void abort(String transactionalId, int epoch) {
    Transaction transaction = current(transactionalId, epoch);
    if (transaction.open) {
      scheduler.trace().happened("transaction aborted");
    }
    transaction.close();
  }

  private Transaction current(String transactionalId, int epoch) {
    Transaction transaction = transactions.get(transactionalId);
    if (transaction == null || transaction.epoch != epoch) {
      scheduler.trace().happened("fenced producer refused");
      throw new ProducerFencedException("a newer producer has taken " + transactionalId);
    }
    return transaction;
  }

  private void open(Transaction transaction) {
    if (!transaction.open) {
      transaction.open = true;
      transaction.openedNanos = scheduler.nanoTime();
    }
  }

  private void checkTimeouts() {
    for (Transaction transaction : transactions.values()) {
      if (transaction.open
          && scheduler.nanoTime() - transaction.openedNanos > TRANSACTION.toNanos()) {
        scheduler.trace().happened("transaction timed out");
        transaction.close();
        transaction.epoch++;
      }
    }
    scheduler.after(Duration.ofMillis(500), this::checkTimeouts);
  }
}
