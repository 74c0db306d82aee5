package io.spendwatch.streams.ledger;

import io.spendwatch.actors.exposure.Announcement;
import io.spendwatch.actors.exposure.Assessment;
import io.spendwatch.actors.exposure.Received;
import io.spendwatch.actors.exposure.Rule;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.actors.ports.History.TransactionKey;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertIds;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.protocol.Verdict;
import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.ledger.RandomCalls.Call;
import io.spendwatch.streams.ledger.SimulatedAlerts.StoredAlert;
import io.spendwatch.streams.ledger.SimulatedPipelines.Pipeline;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * Calls that write the ledger, again and again what was written before, too, and questions of the
 * pipelines about it.
 */
final class RandomWrites {
  /** No column takes it. */
  static final String ID_TOO_LONG = "x".repeat(65);

  private static final int ROWS_MAX = 6;
  private static final int ALERTS_MAX = 3;
  private static final int EPISODE_GAP_MS = 3;

  private final RandomDraw draw;
  private final Random random;
  private final SimulatedPostgres stored;
  private final boolean hugeAmounts;
  private final List<LedgerBatch> batches = new ArrayList<>();
  private final List<Received> received = new ArrayList<>();
  private final List<Alert> alerts = new ArrayList<>();
  private int episodes;

  /**
   * @param stored what the calls before have left
   */
  RandomWrites(RandomDraw draw, SimulatedPostgres stored) {
    this.draw = draw;
    this.random = draw.random();
    this.stored = stored;
    this.hugeAmounts = draw.oneIn(10);
  }

  /** All that were to be written, in the order in which they were drawn. */
  List<Received> received() {
    return received;
  }

  Call claim() {
    int partition = draw.anyPartition();
    long nowMs = draw.instantMs(RandomDraw.ALL_QUARTERS);
    return new Call("claim", partition, on -> on.ledger().claim(partition, "node " + nowMs, nowMs));
  }

  Call write() {
    LedgerBatch batch = batch(RandomDraw.FIRST_DAYS_QUARTERS + (draw.oneIn(4) ? 8 : 0));
    return new Call("write", batch, on -> on.ledger().write(batch));
  }

  Call writeWithoutPartitions() {
    LedgerBatch batch = batch(RandomDraw.ALL_QUARTERS);
    return new Call(
        "write without partitions", batch, on -> on.ledgerWithoutPartitions().write(batch));
  }

  /** One statement for several partitions, some of which may have lost their epoch. */
  Call together() {
    List<LedgerBatch> batches = new ArrayList<>();
    for (int i = 0; i < 2 * RandomDraw.PARTITIONS; i++) {
      LedgerBatch batch = batch(RandomDraw.FIRST_DAYS_QUARTERS);
      if (batches.stream().noneMatch(other -> isOfBoth(other, batch))) {
        batches.add(batch);
      }
    }
    boolean hasAlerts = batches.stream().anyMatch(batch -> !batch.alerts().isEmpty());
    String statement =
        draw.oneIn(2) ? "write_again" : hasAlerts ? "write_ledger" : "write_transactions";
    String sql = SqlText.load(Ledger.class, statement);
    Tuple parameters =
        statement.equals("write_transactions")
            ? WriteParameters.withoutAlerts(batches)
            : WriteParameters.withAlerts(batches);
    return new Call(
        "write together",
        batches,
        on ->
            on.server()
                .execute(sql, parameters)
                .thenApply(
                    rows -> {
                      List<String> written = new ArrayList<>();
                      rows.forEach(
                          row ->
                              written.add(
                                  row.getInteger(0)
                                      + ": "
                                      + row.getLong(1)
                                      + ", "
                                      + row.getLong(2)));
                      Collections.sort(written);
                      return new Together(written, batches.size());
                    }));
  }

  /** What one statement answers for so many partitions. */
  record Together(List<String> written, int asked) {}

  /** Whether they are of one partition, or which of them comes first would make a difference. */
  private static boolean isOfBoth(LedgerBatch one, LedgerBatch other) {
    Set<Object> keys = new HashSet<>(keys(one));
    keys.retainAll(keys(other));
    return one.partition() == other.partition() || !keys.isEmpty();
  }

  private static Set<Object> keys(LedgerBatch batch) {
    Set<Object> keys = new HashSet<>();
    for (Received each : batch.transactions()) {
      Transaction row = each.transaction();
      keys.add(new TransactionKey(row.userId(), row.eventTimeMs(), row.transactionId()));
    }
    for (Announcement each : batch.alerts()) {
      keys.add(List.of(each.alert().userId(), each.alert().episodeId()));
    }
    return keys;
  }

  private LedgerBatch batch(int quarters) {
    if (!batches.isEmpty() && draw.oneIn(6)) {
      return draw.any(batches);
    }
    int partition = draw.anyPartition();
    Pipeline pipeline = stored.pipelines().getOrDefault(partition, new Pipeline());
    List<Received> transactions = draw.some(ROWS_MAX, () -> transaction(partition, quarters));
    // Their order of arrival is that of their offsets, in whatever order they are written.
    Collections.shuffle(transactions, random);
    List<Announcement> announced =
        draw.some(ALERTS_MAX, () -> new Announcement(alert(partition), random.nextLong(10)));
    long alertSeqBefore = pipeline.alertSeq();
    if (draw.oneIn(4)) {
      alertSeqBefore = random.nextLong(alertSeqBefore + 3);
    }
    long epoch = draw.oneIn(4) ? pipeline.epoch() + random.nextInt(-1, 2) : pipeline.epoch();
    // Each follows the one before it; one that does not finds that the tables were put back.
    long next = pipeline.epochOfWrite == epoch ? Math.max(pipeline.writeNo, 0) + 1 : 1;
    LedgerBatch batch =
        new LedgerBatch(
            partition,
            epoch,
            draw.oneIn(5) ? random.nextLong(1, next + 3) : next,
            draw.instantMs(RandomDraw.ALL_QUARTERS),
            draw.oneIn(5) ? Long.MIN_VALUE : draw.instantMs(RandomDraw.ALL_QUARTERS),
            draw.oneIn(5) ? Long.MIN_VALUE : draw.instantMs(RandomDraw.ALL_QUARTERS),
            draw.oneIn(5) ? Long.MIN_VALUE : draw.instantMs(RandomDraw.ALL_QUARTERS),
            transactions,
            transactions.stream().map(_ -> assessment()).toList(),
            announced,
            alertSeqBefore,
            random.nextLong(pipeline.alertSeq() + 1),
            random.nextLong(50),
            random.nextLong(50));
    batches.add(batch);
    return batch;
  }

  /** New, the same again, or the same key with other contents. */
  private Received transaction(int partition, int quarters) {
    if (!received.isEmpty() && draw.oneIn(6)) {
      return draw.any(received);
    }
    int number = received.size();
    Transaction fresh =
        new Transaction(
            draw.oneIn(120) ? ID_TOO_LONG : "t" + number,
            draw.userOf(partition),
            hugeAmounts && draw.oneIn(2) ? Long.MAX_VALUE - number : random.nextLong(1, 1000),
            draw.any(RandomDraw.CURRENCIES),
            draw.instantMs(quarters),
            draw.any(List.of(TransactionKind.values())),
            draw.oneIn(2) ? null : "m-1",
            draw.oneIn(2) ? null : "t0");
    if (!received.isEmpty() && draw.oneIn(8)) {
      Transaction before = draw.any(received).transaction();
      fresh =
          new Transaction(
              before.transactionId(),
              before.userId(),
              fresh.amountMinor(),
              fresh.currency(),
              before.eventTimeMs(),
              fresh.kind(),
              fresh.merchant(),
              fresh.originalTransactionId());
    }
    // A partition has one record at an offset.
    Received now = new Received(fresh, number);
    received.add(now);
    return now;
  }

  private Assessment assessment() {
    return switch (random.nextInt(8)) {
      case 0 -> new Assessment.Duplicate();
      case 1 -> new Assessment.Rejected(DeadLetterReason.CURRENCY_MISMATCH, "in another currency");
      default ->
          new Assessment.Stored(
              draw.any(List.of(Verdict.values())),
              random.nextLong(-1000, 1000),
              draw.oneIn(4)
                  ? null
                  : new AccountBalance(
                      random.nextLong(-10, 1000),
                      "USD",
                      random.nextLong(1, 9),
                      RandomDraw.START_MS),
              random.nextLong(10));
    };
  }

  /** A new RAISED, the CLEARED of a stored one, or one of before, perhaps at another place. */
  private Alert alert(int partition) {
    if (!alerts.isEmpty() && draw.oneIn(4)) {
      return draw.any(alerts);
    }
    List<StoredAlert> raised =
        stored.alerts().stream()
            .filter(alert -> alert.partition() == partition && alert.type().equals("RAISED"))
            .toList();
    Alert alert;
    if (!raised.isEmpty() && draw.oneIn(2)) {
      StoredAlert start = draw.any(raised);
      alert =
          alert(
              AlertType.CLEARED,
              start.episodeId(),
              start.userId(),
              draw.instantMs(RandomDraw.ALL_QUARTERS),
              draw.any(List.of(AlertCause.values())));
    } else {
      episodes++;
      // No two episodes of a user begin at the same instant.
      alert =
          alert(
              AlertType.RAISED,
              "episode " + episodes,
              draw.userOf(partition),
              draw.instantMs(RandomDraw.FIRST_DAYS_QUARTERS) + (long) EPISODE_GAP_MS * episodes,
              null);
    }
    alerts.add(alert);
    return alert;
  }

  private Alert alert(
      AlertType type, String episodeId, String userId, long eventTimeMs, AlertCause cause) {
    return new Alert(
        AlertIds.alertId(episodeId, type),
        type,
        episodeId,
        userId,
        draw.oneIn(3) ? null : "t" + random.nextInt(10),
        random.nextLong(-1000, 1000),
        random.nextLong(-10, 1000),
        draw.any(RandomDraw.CURRENCIES),
        random.nextInt(10),
        eventTimeMs,
        draw.instantMs(RandomDraw.ALL_QUARTERS),
        draw.oneIn(2),
        draw.oneIn(3) ? "r" + random.nextInt(10) : null,
        cause,
        Rule.EXPOSURE_24H.applied(),
        new Alert.Source("transactions", 0, random.nextLong(100)));
  }

  Call alertsAfter() {
    int partition = draw.anyPartition();
    long afterSeq = random.nextLong(5);
    int limit = draw.oneIn(2) ? 1000 : random.nextInt(1, 4);
    return new Call(
        "alerts",
        "of %d after %d, at most %d".formatted(partition, afterSeq, limit),
        on -> on.ledger().alertsAfter(partition, afterSeq, limit));
  }
}
