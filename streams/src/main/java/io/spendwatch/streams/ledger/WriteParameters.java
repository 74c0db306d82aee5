package io.spendwatch.streams.ledger;

import io.spendwatch.actors.exposure.Announcement;
import io.spendwatch.actors.exposure.Assessment;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.streams.database.EventTimes;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.List;

/**
 * Batches of several partitions column by column, as unnest takes them, in the order of
 * write_transactions.sql, and with alerts of write_ledger.sql and write_again.sql.
 */
final class WriteParameters {
  private WriteParameters() {}

  /**
   * For write_transactions.sql.
   *
   * @throws RuntimeException if a value of theirs cannot be sent at all
   */
  static Tuple withoutAlerts(List<LedgerBatch> batches) {
    Tuple tuple = Tuple.tuple();
    new Progress(batches).addTo(tuple);
    new Transactions(batches).addTo(tuple);
    return tuple;
  }

  /**
   * For write_ledger.sql and write_again.sql.
   *
   * @throws RuntimeException if a value of theirs cannot be sent at all
   */
  static Tuple withAlerts(List<LedgerBatch> batches) {
    Tuple tuple = withoutAlerts(batches);
    new Alerts(batches).addTo(tuple);
    return tuple;
  }

  private static final class Progress {
    private final Integer[] partitions;
    private final Long[] epochs;
    private final Long[] writeNos;
    private final OffsetDateTime[] streamTimes;
    private final Long[] alertSeqs;
    private final Long[] publishedAlertSeqs;
    private final Long[] nextOffsets;
    private final Long[] publishedOffsets;
    private final OffsetDateTime[] writtenAt;
    private final OffsetDateTime[] accountsSeenAt;

    Progress(List<LedgerBatch> batches) {
      int count = batches.size();
      partitions = new Integer[count];
      epochs = new Long[count];
      writeNos = new Long[count];
      streamTimes = new OffsetDateTime[count];
      alertSeqs = new Long[count];
      publishedAlertSeqs = new Long[count];
      nextOffsets = new Long[count];
      publishedOffsets = new Long[count];
      writtenAt = new OffsetDateTime[count];
      accountsSeenAt = new OffsetDateTime[count];
      for (int i = 0; i < count; i++) {
        LedgerBatch batch = batches.get(i);
        partitions[i] = batch.partition();
        epochs[i] = batch.epoch();
        writeNos[i] = batch.writeNo();
        streamTimes[i] = EventTimes.toDatabaseOrNull(batch.streamTimeMs());
        alertSeqs[i] = batch.alertSeq();
        publishedAlertSeqs[i] = batch.publishedAlertSeq();
        nextOffsets[i] = batch.nextOffset();
        publishedOffsets[i] = batch.publishedOffset();
        writtenAt[i] = EventTimes.toDatabaseOrNull(batch.writtenAtMs());
        accountsSeenAt[i] = EventTimes.toDatabaseOrNull(batch.accountsSeenMs());
      }
    }

    void addTo(Tuple tuple) {
      tuple
          .addArrayOfInteger(partitions)
          .addArrayOfLong(epochs)
          .addArrayOfLong(writeNos)
          .addArrayOfOffsetDateTime(streamTimes)
          .addArrayOfLong(alertSeqs)
          .addArrayOfLong(publishedAlertSeqs)
          .addArrayOfLong(nextOffsets)
          .addArrayOfLong(publishedOffsets)
          .addArrayOfOffsetDateTime(writtenAt)
          .addArrayOfOffsetDateTime(accountsSeenAt);
    }
  }

  private static final class Transactions {
    private final String[] userIds;
    private final OffsetDateTime[] eventTimes;
    private final String[] transactionIds;
    private final String[] kinds;
    private final Long[] amounts;
    private final String[] currencies;
    private final String[] merchants;
    private final String[] originals;
    private final Long[] exposures;
    private final Long[] balances;
    private final Long[] balanceVersions;
    private final String[] verdicts;
    private final Long[] offsets;
    private final Long[] knownVersions;
    private final Integer[] partitions;

    Transactions(List<LedgerBatch> batches) {
      int count = batches.stream().mapToInt(LedgerBatch::rows).sum();
      userIds = new String[count];
      eventTimes = new OffsetDateTime[count];
      transactionIds = new String[count];
      kinds = new String[count];
      amounts = new Long[count];
      currencies = new String[count];
      merchants = new String[count];
      originals = new String[count];
      exposures = new Long[count];
      balances = new Long[count];
      balanceVersions = new Long[count];
      verdicts = new String[count];
      offsets = new Long[count];
      knownVersions = new Long[count];
      partitions = new Integer[count];
      int next = 0;
      for (LedgerBatch batch : batches) {
        for (int i = 0; i < batch.transactions().size(); i++) {
          switch (batch.assessments().get(i)) {
            case Assessment.Stored assessed -> {
              Transaction transaction = batch.transactions().get(i).transaction();
              partitions[next] = batch.partition();
              offsets[next] = batch.transactions().get(i).offset();
              set(next, transaction, assessed);
              next++;
            }
            case Assessment.Duplicate _, Assessment.Rejected _ -> {
              // Stored already, or never to be.
            }
          }
        }
      }
    }

    private void set(int row, Transaction transaction, Assessment.Stored assessed) {
      userIds[row] = transaction.userId();
      eventTimes[row] = EventTimes.toDatabase(transaction.eventTimeMs());
      transactionIds[row] = transaction.transactionId();
      kinds[row] = transaction.kind().name();
      amounts[row] = transaction.amountMinor();
      currencies[row] = transaction.currency();
      merchants[row] = transaction.merchant();
      originals[row] = transaction.originalTransactionId();
      exposures[row] = assessed.exposureMinor();
      verdicts[row] = assessed.verdict().name();
      AccountBalance balance = assessed.balance();
      if (balance != null) {
        balances[row] = balance.balanceMinor();
        balanceVersions[row] = balance.version();
      }
      // Where it says more than the version that the row was held against.
      long heldAgainst = balance == null ? 0 : balance.version();
      if (assessed.knownVersion() != heldAgainst) {
        knownVersions[row] = assessed.knownVersion();
      }
    }

    void addTo(Tuple tuple) {
      tuple
          .addArrayOfString(userIds)
          .addArrayOfOffsetDateTime(eventTimes)
          .addArrayOfString(transactionIds)
          .addArrayOfString(kinds)
          .addArrayOfLong(amounts)
          .addArrayOfString(currencies)
          .addArrayOfString(merchants)
          .addArrayOfString(originals)
          .addArrayOfLong(exposures)
          .addArrayOfLong(balances)
          .addArrayOfLong(balanceVersions)
          .addArrayOfString(verdicts)
          .addArrayOfLong(offsets)
          .addArrayOfLong(knownVersions)
          .addArrayOfInteger(partitions);
    }
  }

  private static final class Alerts {
    private final String[] alertIds;
    private final String[] types;
    private final String[] rules;
    private final String[] episodeIds;
    private final String[] userIds;
    private final String[] transactionIds;
    private final Long[] exposures;
    private final Long[] balances;
    private final String[] currencies;
    private final Integer[] transactions;
    private final OffsetDateTime[] windowStarts;
    private final OffsetDateTime[] eventTimes;
    private final OffsetDateTime[] detectedAt;
    private final Boolean[] late;
    private final String[] causes;
    private final String[] topics;
    private final Long[] offsets;
    private final Long[] partitionSeqs;
    private final Integer[] ruleVersions;
    private final String[] revealedBy;
    private final Long[] knownVersions;
    private final Integer[] partitions;

    Alerts(List<LedgerBatch> batches) {
      int count = batches.stream().mapToInt(batch -> batch.alerts().size()).sum();
      alertIds = new String[count];
      types = new String[count];
      rules = new String[count];
      episodeIds = new String[count];
      userIds = new String[count];
      transactionIds = new String[count];
      exposures = new Long[count];
      balances = new Long[count];
      currencies = new String[count];
      transactions = new Integer[count];
      windowStarts = new OffsetDateTime[count];
      eventTimes = new OffsetDateTime[count];
      detectedAt = new OffsetDateTime[count];
      late = new Boolean[count];
      causes = new String[count];
      topics = new String[count];
      offsets = new Long[count];
      partitionSeqs = new Long[count];
      ruleVersions = new Integer[count];
      revealedBy = new String[count];
      knownVersions = new Long[count];
      partitions = new Integer[count];
      int next = 0;
      for (LedgerBatch batch : batches) {
        long seq = batch.alertSeqBefore();
        for (Announcement announced : batch.alerts()) {
          seq++;
          partitionSeqs[next] = seq;
          partitions[next] = batch.partition();
          set(next, announced);
          next++;
        }
      }
    }

    private void set(int row, Announcement announced) {
      Alert alert = announced.alert();
      alertIds[row] = alert.alertId();
      types[row] = alert.type().name();
      rules[row] = alert.rule().id();
      episodeIds[row] = alert.episodeId();
      userIds[row] = alert.userId();
      transactionIds[row] = alert.transactionId();
      exposures[row] = alert.exposureMinor();
      balances[row] = alert.balanceMinor();
      currencies[row] = alert.currency();
      transactions[row] = alert.transactions();
      windowStarts[row] = EventTimes.toDatabase(alert.windowStartMs());
      eventTimes[row] = EventTimes.toDatabase(alert.eventTimeMs());
      detectedAt[row] = EventTimes.toDatabase(alert.detectedAtMs());
      late[row] = alert.late();
      causes[row] = alert.cause() == null ? null : alert.cause().name();
      topics[row] = alert.source().topic();
      offsets[row] = alert.source().offset();
      ruleVersions[row] = alert.rule().version();
      revealedBy[row] = alert.revealedBy();
      knownVersions[row] = announced.knownVersion();
    }

    void addTo(Tuple tuple) {
      tuple
          .addArrayOfString(alertIds)
          .addArrayOfString(types)
          .addArrayOfString(rules)
          .addArrayOfString(episodeIds)
          .addArrayOfString(userIds)
          .addArrayOfString(transactionIds)
          .addArrayOfLong(exposures)
          .addArrayOfLong(balances)
          .addArrayOfString(currencies)
          .addArrayOfInteger(transactions)
          .addArrayOfOffsetDateTime(windowStarts)
          .addArrayOfOffsetDateTime(eventTimes)
          .addArrayOfOffsetDateTime(detectedAt)
          .addArrayOfBoolean(late)
          .addArrayOfString(causes)
          .addArrayOfString(topics)
          .addArrayOfLong(offsets)
          .addArrayOfLong(partitionSeqs)
          .addArrayOfInteger(ruleVersions)
          .addArrayOfString(revealedBy)
          .addArrayOfLong(knownVersions)
          .addArrayOfInteger(partitions);
    }
  }
}
