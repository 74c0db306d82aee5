package io.spendwatch.ops.lab.bench.rivals;

import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.Verdict;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/** Rows of what nodes are measured against that are written by one statement, column by column. */
final class BareBatch {
  private final List<String> userIds = new ArrayList<>();
  private final List<OffsetDateTime> eventTimes = new ArrayList<>();
  private final List<String> transactionIds = new ArrayList<>();
  private final List<String> kinds = new ArrayList<>();
  private final List<Long> amounts = new ArrayList<>();
  private final List<String> currencies = new ArrayList<>();
  private final List<String> merchants = new ArrayList<>();
  private final List<String> originals = new ArrayList<>();
  private final List<Long> exposures = new ArrayList<>();
  private final List<Long> balances = new ArrayList<>();
  private final List<Long> balanceVersions = new ArrayList<>();
  private final List<String> verdicts = new ArrayList<>();
  private final List<Integer> partitions = new ArrayList<>();
  private final List<Long> offsets = new ArrayList<>();
  private final List<Alert> alerts = new ArrayList<>();
  private final Map<TopicPartition, OffsetAndMetadata> ends = new HashMap<>();
  private final long begunNanos;

  BareBatch(long begunNanos) {
    this.begunNanos = begunNanos;
  }

  /** When it was begun, by {@link System#nanoTime()}. */
  long begunNanos() {
    return begunNanos;
  }

  int rows() {
    return userIds.size();
  }

  /**
   * A row.
   *
   * @param partition of its record, which came from this offset of it
   * @param balanceMinor the balance that it was held against
   */
  void add(
      TopicPartition partition,
      long offset,
      Transaction transaction,
      long exposureMinor,
      long balanceMinor,
      long balanceVersion) {
    userIds.add(transaction.userId());
    eventTimes.add(atUtc(transaction.eventTimeMs()));
    transactionIds.add(transaction.transactionId());
    kinds.add(transaction.kind().name());
    amounts.add(transaction.amountMinor());
    currencies.add(transaction.currency());
    merchants.add(transaction.merchant());
    originals.add(transaction.originalTransactionId());
    exposures.add(exposureMinor);
    balances.add(balanceMinor);
    balanceVersions.add(balanceVersion);
    verdicts.add((exposureMinor > balanceMinor ? Verdict.BREACH : Verdict.CLEAR).name());
    partitions.add(partition.partition());
    offsets.add(offset);
    ends.put(partition, new OffsetAndMetadata(offset + 1));
  }

  /** To be produced once the rows are durable. */
  void add(Alert alert) {
    alerts.add(alert);
  }

  List<Alert> alerts() {
    return alerts;
  }

  /** The offsets after the last record of each partition. */
  Map<TopicPartition, OffsetAndMetadata> ends() {
    return ends;
  }

  /** In the order of insert_transactions.sql. */
  Tuple parameters(long nowMs) {
    return Tuple.tuple()
        .addArrayOfString(userIds.toArray(String[]::new))
        .addArrayOfOffsetDateTime(eventTimes.toArray(OffsetDateTime[]::new))
        .addArrayOfString(transactionIds.toArray(String[]::new))
        .addArrayOfString(kinds.toArray(String[]::new))
        .addArrayOfLong(amounts.toArray(Long[]::new))
        .addArrayOfString(currencies.toArray(String[]::new))
        .addArrayOfString(merchants.toArray(String[]::new))
        .addArrayOfString(originals.toArray(String[]::new))
        .addArrayOfLong(exposures.toArray(Long[]::new))
        .addArrayOfLong(balances.toArray(Long[]::new))
        .addArrayOfLong(balanceVersions.toArray(Long[]::new))
        .addArrayOfString(verdicts.toArray(String[]::new))
        .addArrayOfInteger(partitions.toArray(Integer[]::new))
        .addArrayOfLong(offsets.toArray(Long[]::new))
        .addOffsetDateTime(atUtc(nowMs));
  }

  private static OffsetDateTime atUtc(long timeMs) {
    return Instant.ofEpochMilli(timeMs).atOffset(ZoneOffset.UTC);
  }
}
