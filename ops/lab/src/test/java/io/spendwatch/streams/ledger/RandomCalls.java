package io.spendwatch.streams.ledger;

import static java.util.Comparator.comparing;

import io.spendwatch.actors.exposure.Announcement;
import io.spendwatch.actors.exposure.Assessment;
import io.spendwatch.actors.exposure.ExposureWindow;
import io.spendwatch.actors.exposure.Received;
import io.spendwatch.actors.exposure.Rule;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.actors.ports.Accounts.VersionsQuery;
import io.spendwatch.actors.ports.History.ExposureQuery;
import io.spendwatch.actors.ports.History.InstantQuery;
import io.spendwatch.actors.ports.History.OpenEpisode;
import io.spendwatch.actors.ports.History.OpenEpisodes;
import io.spendwatch.actors.ports.History.TransactionKey;
import io.spendwatch.actors.ports.History.UserQuery;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertIds;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.protocol.Verdict;
import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.ledger.SimulatedPostgres.Pipeline;
import io.spendwatch.streams.ledger.SimulatedPostgres.StoredAlert;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Calls that depend on a seed and on what the calls before have left. They come close to each other
 * on purpose: few users, few instants, which lie whole windows and days apart or a millisecond
 * beside that, and again and again what was written before.
 */
final class RandomCalls {
  /** The days that have their partition from the start; instants reach further. */
  static final List<LocalDate> FIRST_DAYS =
      LocalDate.of(2024, 2, 27).datesUntil(LocalDate.of(2024, 3, 2)).toList();

  /** No column takes it. */
  static final String ID_TOO_LONG = "x".repeat(65);

  private static final int FIRST_DAYS_QUARTERS = 4 * FIRST_DAYS.size();
  private static final int ALL_QUARTERS = FIRST_DAYS_QUARTERS + 8;
  private static final long QUARTER_MS = Duration.ofHours(6).toMillis();
  private static final long START_MS =
      FIRST_DAYS.getFirst().atStartOfDay().toInstant(ZoneOffset.UTC).toEpochMilli();
  private static final List<String> USERS = List.of("u1", "u2", "ü\"\\, '3'", "😀");
  private static final List<String> CURRENCIES = List.of("USD", "EUR");
  private static final int PARTITIONS = 2;
  private static final int GROWN_TO = 3;
  private static final int ROWS_MAX = 6;
  private static final int ALERTS_MAX = 3;
  private static final int QUESTIONS_MAX = 5;
  private static final int EPISODE_GAP_MS = 3;

  /**
   * A call, the same on any server.
   *
   * @param on its answer, ordered even where no order is promised
   */
  record Call(String kind, Object what, Function<Adapters, CompletionStage<?>> on) {
    @Override
    public String toString() {
      return kind + " " + what;
    }
  }

  private final Random random;
  private final SimulatedPostgres stored;
  private final boolean hugeAmounts;
  private final List<LedgerBatch> batches = new ArrayList<>();
  private final List<Received> received = new ArrayList<>();
  private final List<Alert> alerts = new ArrayList<>();
  private int calls;
  private int episodes;

  /**
   * @param stored what the calls before have left
   */
  RandomCalls(long seed, SimulatedPostgres stored) {
    this.random = new Random(seed);
    this.stored = stored;
    this.hugeAmounts = oneIn(10);
  }

  Call next() {
    calls++;
    int choice = random.nextInt(110);
    if (calls == 1 && !oneIn(10)) {
      return new Call(
          "adopt", PARTITIONS, on -> on.layouts().adopt(PARTITIONS).thenApply(_ -> "done"));
    } else if (choice >= 100) {
      return layout();
    } else if (calls <= PARTITIONS + 1 || choice < 5) {
      return claim();
    } else if (choice < 12) {
      return together();
    } else if (choice < 36) {
      LedgerBatch batch = batch(FIRST_DAYS_QUARTERS + (oneIn(4) ? 8 : 0));
      return new Call("write", batch, on -> on.ledger().write(batch));
    } else if (choice < 41) {
      LedgerBatch batch = batch(ALL_QUARTERS);
      return new Call(
          "write without partitions", batch, on -> on.ledgerWithoutPartitions().write(batch));
    } else if (choice < 47) {
      return alertsAfter();
    } else if (choice < 52) {
      return partition();
    } else if (choice < 63) {
      return users();
    } else if (choice < 68) {
      return stored();
    } else if (choice < 74) {
      return exposures();
    } else if (choice < 76) {
      return source();
    } else if (choice < 79) {
      return transactionIds();
    } else if (choice < 83) {
      return balances();
    } else if (choice < 92) {
      return applyBalances();
    } else if (choice < 98) {
      return putAccount();
    } else {
      return removeAccount();
    }
  }

  private Call layout() {
    int partition = anyPartition();
    long epoch =
        Math.max(
            1,
            stored.pipelines().getOrDefault(partition, new Pipeline()).epoch() - random.nextInt(2));
    int more = PARTITIONS + 1 + random.nextInt(3);
    return switch (random.nextInt(8)) {
      case 0 -> new Call("adopt", more, on -> on.layouts().adopt(more).thenApply(_ -> "done"));
      case 1 ->
          new Call("announce", more, on -> on.layouts().announce(more).thenApply(_ -> "done"));
      case 2, 3 -> {
        List<Long> marks = List.of(random.nextLong(3), random.nextLong(3));
        yield new Call(
            "begin growth",
            more,
            on -> on.layouts().begin(PARTITIONS, GROWN_TO, marks).thenApply(_ -> "done"));
      }
      case 4, 5 -> new Call("hold", partition, on -> on.ledger().hold(partition, epoch, GROWN_TO));
      case 6 -> new Call("finish growth", GROWN_TO, on -> on.layouts().finish(GROWN_TO));
      default -> new Call("read layout", "", on -> on.layouts().read());
    };
  }

  private Call claim() {
    int partition = anyPartition();
    long nowMs = instantMs(ALL_QUARTERS);
    return new Call("claim", partition, on -> on.ledger().claim(partition, "node " + nowMs, nowMs));
  }

  /** One statement for several partitions, some of which may have lost their epoch. */
  private Call together() {
    List<LedgerBatch> batches = new ArrayList<>();
    for (int i = 0; i < 2 * PARTITIONS; i++) {
      LedgerBatch batch = batch(FIRST_DAYS_QUARTERS);
      if (batches.stream().noneMatch(other -> isOfBoth(other, batch))) {
        batches.add(batch);
      }
    }
    boolean hasAlerts = batches.stream().anyMatch(batch -> !batch.alerts().isEmpty());
    String statement = oneIn(2) ? "write_again" : hasAlerts ? "write_ledger" : "write_transactions";
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
    if (!batches.isEmpty() && oneIn(6)) {
      return any(batches);
    }
    int partition = anyPartition();
    Pipeline pipeline = stored.pipelines().getOrDefault(partition, new Pipeline());
    List<Received> transactions = some(ROWS_MAX, () -> transaction(partition, quarters));
    // Their order of arrival is that of their offsets, in whatever order they are written.
    Collections.shuffle(transactions, random);
    List<Announcement> announced =
        some(ALERTS_MAX, () -> new Announcement(alert(partition), random.nextLong(10)));
    long alertSeqBefore = pipeline.alertSeq();
    if (oneIn(4)) {
      alertSeqBefore = random.nextLong(alertSeqBefore + 3);
    }
    long epoch = oneIn(4) ? pipeline.epoch() + random.nextInt(-1, 2) : pipeline.epoch();
    // Each follows the one before it; one that does not finds that the tables were put back.
    long next = pipeline.epochOfWrite == epoch ? Math.max(pipeline.writeNo, 0) + 1 : 1;
    LedgerBatch batch =
        new LedgerBatch(
            partition,
            epoch,
            oneIn(5) ? random.nextLong(1, next + 3) : next,
            instantMs(ALL_QUARTERS),
            oneIn(5) ? Long.MIN_VALUE : instantMs(ALL_QUARTERS),
            oneIn(5) ? Long.MIN_VALUE : instantMs(ALL_QUARTERS),
            oneIn(5) ? Long.MIN_VALUE : instantMs(ALL_QUARTERS),
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
    if (!received.isEmpty() && oneIn(6)) {
      return any(received);
    }
    int number = received.size();
    Transaction fresh =
        new Transaction(
            oneIn(120) ? ID_TOO_LONG : "t" + number,
            userOf(partition),
            hugeAmounts && oneIn(2) ? Long.MAX_VALUE - number : random.nextLong(1, 1000),
            any(CURRENCIES),
            instantMs(quarters),
            any(List.of(TransactionKind.values())),
            oneIn(2) ? null : "m-1",
            oneIn(2) ? null : "t0");
    if (!received.isEmpty() && oneIn(8)) {
      Transaction before = any(received).transaction();
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
              any(List.of(Verdict.values())),
              random.nextLong(-1000, 1000),
              oneIn(4)
                  ? null
                  : new AccountBalance(
                      random.nextLong(-10, 1000), "USD", random.nextLong(1, 9), START_MS),
              random.nextLong(10));
    };
  }

  /** A new RAISED, the CLEARED of a stored one, or one of before, perhaps at another place. */
  private Alert alert(int partition) {
    if (!alerts.isEmpty() && oneIn(4)) {
      return any(alerts);
    }
    List<StoredAlert> raised =
        stored.alerts().stream()
            .filter(alert -> alert.partition() == partition && alert.type().equals("RAISED"))
            .toList();
    Alert alert;
    if (!raised.isEmpty() && oneIn(2)) {
      StoredAlert start = any(raised);
      alert =
          alert(
              AlertType.CLEARED,
              start.episodeId(),
              start.userId(),
              instantMs(ALL_QUARTERS),
              any(List.of(AlertCause.values())));
    } else {
      episodes++;
      // No two episodes of a user begin at the same instant.
      alert =
          alert(
              AlertType.RAISED,
              "episode " + episodes,
              userOf(partition),
              instantMs(FIRST_DAYS_QUARTERS) + (long) EPISODE_GAP_MS * episodes,
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
        oneIn(3) ? null : "t" + random.nextInt(10),
        random.nextLong(-1000, 1000),
        random.nextLong(-10, 1000),
        any(CURRENCIES),
        random.nextInt(10),
        eventTimeMs,
        instantMs(ALL_QUARTERS),
        oneIn(2),
        oneIn(3) ? "r" + random.nextInt(10) : null,
        cause,
        Rule.EXPOSURE_24H.applied(),
        new Alert.Source("transactions", 0, random.nextLong(100)));
  }

  private Call alertsAfter() {
    int partition = anyPartition();
    long afterSeq = random.nextLong(5);
    int limit = oneIn(2) ? 1000 : random.nextInt(1, 4);
    return new Call(
        "alerts",
        "of %d after %d, at most %d".formatted(partition, afterSeq, limit),
        on -> on.ledger().alertsAfter(partition, afterSeq, limit));
  }

  private Call partition() {
    int partition = anyPartition();
    if (oneIn(2)) {
      return new Call("partition", partition, on -> on.history().partition(partition));
    }
    // A page that would end between two episodes of a user may hold either.
    String after = oneIn(2) ? "" : any(USERS);
    return new Call(
        "open episodes",
        partition + " after " + after,
        on ->
            on.history()
                .openEpisodes(partition, after, 1000)
                .thenApply(
                    page ->
                        new OpenEpisodes(
                            page.episodes().stream()
                                .sorted(comparing(OpenEpisode::episodeId))
                                .toList(),
                            page.next())));
  }

  private Call users() {
    List<String> userIds = new ArrayList<>(USERS);
    userIds.add("nobody");
    Collections.shuffle(userIds, random);
    List<UserQuery> queries =
        userIds.subList(0, random.nextInt(userIds.size() + 1)).stream()
            .map(userId -> new UserQuery(userId, knownFromMs(userId)))
            .toList();
    return new Call("users", queries, on -> on.history().users(queries));
  }

  private long knownFromMs(String userId) {
    if (oneIn(4)) {
      return Long.MIN_VALUE;
    }
    List<StoredAlert> ends =
        stored.alerts().stream()
            .filter(alert -> alert.userId().equals(userId) && alert.type().equals("CLEARED"))
            .toList();
    return ends.isEmpty() || oneIn(2)
        ? instantMs(ALL_QUARTERS)
        : any(ends).eventTimeMs() + 2 * ExposureWindow.WINDOW_MS + random.nextInt(-1, 2);
  }

  private Call stored() {
    List<TransactionKey> keys =
        some(
            QUESTIONS_MAX,
            () -> {
              if (received.isEmpty()) {
                return new TransactionKey(any(USERS), instantMs(ALL_QUARTERS), "t0");
              }
              Transaction transaction = any(received).transaction();
              return new TransactionKey(
                  oneIn(8) ? any(USERS) : transaction.userId(),
                  oneIn(8) ? instantMs(ALL_QUARTERS) : transaction.eventTimeMs(),
                  oneIn(8) ? "t0" : transaction.transactionId());
            });
    return new Call("stored", keys, on -> on.history().stored(keys));
  }

  /** What is known of the topic that the rows come from, and is lost of it. */
  private Call source() {
    String topic = any(List.of("transactions", "balances"));
    String topicId = any(List.of("id 1", "id 2"));
    int partition = anyPartition();
    long offset = random.nextLong(20);
    long epoch = stored.pipelines().getOrDefault(partition, new Pipeline()).epoch();
    Sources.Rewind rewind =
        new Sources.Rewind(topic, topicId, partition, offset % 3, 3 + offset % 2);
    return switch (random.nextInt(9)) {
      case 3 -> {
        boolean isToBeRead = oneIn(3);
        yield new Call(
            "rewind",
            rewind + " to be read: " + isToBeRead,
            on -> on.sources().rewind(rewind, isToBeRead, "n", START_MS));
      }
      case 4 -> new Call("seen alerts", partition, on -> on.sources().seenAlerts(partition));
      case 5 ->
          new Call(
              "balances place",
              topicId + partition,
              on -> on.sources().balancesPlace(topicId, partition));
      case 6 ->
          new Call(
              "note balances place",
              "%s-%d at %d".formatted(topicId, partition, offset),
              on -> on.sources().noteBalancesPlace(topicId, partition, offset));
      case 0 ->
          new Call("topic id", topic + partition, on -> on.sources().topicId(topic, partition));
      case 1 -> new Call("rows end", partition, on -> on.sources().rowsEnd(partition));
      case 2 -> {
        OptionalLong under =
            topic.equals("balances")
                ? OptionalLong.empty()
                : OptionalLong.of(epoch - (oneIn(3) ? 1 : 0));
        yield new Call(
            "adopt",
            "%s-%d %s at %d under %s".formatted(topic, partition, topicId, offset, under),
            on -> on.sources().adopt(topic, partition, topicId, offset + 2, offset, under));
      }
      default -> {
        Sources.Lost lost =
            new Sources.Lost(
                topic,
                topicId,
                partition,
                offset,
                oneIn(5) ? OptionalLong.empty() : OptionalLong.of(offset + random.nextInt(1, 12)),
                "EXPIRED");
        long rowsBefore = oneIn(2) ? 0 : random.nextLong(30);
        yield new Call(
            "lose",
            lost + " but for rows before " + rowsBefore,
            on -> on.sources().lose(lost, lost.to().isEmpty() ? 0 : rowsBefore, "n", START_MS));
      }
    };
  }

  private Call exposures() {
    List<ExposureQuery> queries =
        some(
            QUESTIONS_MAX,
            () -> {
              if (received.isEmpty() || oneIn(4)) {
                return new ExposureQuery(any(USERS), any(CURRENCIES), instantMs(ALL_QUARTERS));
              }
              Transaction transaction = any(received).transaction();
              return new ExposureQuery(
                  transaction.userId(),
                  transaction.currency(),
                  transaction.eventTimeMs() + random.nextInt(5) * QUARTER_MS);
            });
    return new Call("exposures", queries, on -> on.history().exposures(queries));
  }

  private Call transactionIds() {
    List<InstantQuery> queries =
        some(
            QUESTIONS_MAX,
            () -> {
              if (received.isEmpty() || oneIn(4)) {
                return new InstantQuery(any(USERS), instantMs(ALL_QUARTERS));
              }
              Transaction transaction = any(received).transaction();
              return new InstantQuery(transaction.userId(), transaction.eventTimeMs());
            });
    return new Call("transaction ids", queries, on -> on.history().transactionIds(queries));
  }

  private Call balances() {
    if (oneIn(2)) {
      List<InstantQuery> queries =
          some(QUESTIONS_MAX, () -> new InstantQuery(any(USERS), asOfMs() + random.nextInt(-1, 2)));
      return new Call("balances in force", queries, on -> on.accounts().inForce(queries));
    }
    List<String> userIds = new ArrayList<>(USERS);
    Collections.shuffle(userIds, random);
    List<VersionsQuery> queries =
        userIds.subList(0, random.nextInt(userIds.size() + 1)).stream()
            .map(
                userId ->
                    new VersionsQuery(
                        userId, oneIn(4) ? Long.MIN_VALUE : asOfMs() + random.nextInt(-1, 2)))
            .toList();
    return new Call("versions", queries, on -> on.accounts().versions(queries));
  }

  private Call applyBalances() {
    List<Balance> balances =
        some(
            QUESTIONS_MAX,
            () ->
                new Balance(
                    any(USERS),
                    oneIn(2) ? null : "name " + random.nextInt(2),
                    balanceMinor(),
                    any(CURRENCIES),
                    asOfMs()));
    String topicId = any(List.of("id 1", "id 2"));
    int partition = anyPartition();
    long from = oneIn(4) ? random.nextLong(20) : 0;
    long number = oneIn(4) ? 256 : 1;
    boolean isNoted = !oneIn(4);
    AccountsWriter.Stretch stretch =
        new AccountsWriter.Stretch(topicId, partition, from, from + balances.size(), number);
    return new Call(
        "apply balances",
        balances + " of " + stretch + (isNoted ? ", which is noted" : ""),
        on ->
            isNoted
                ? on.sources()
                    .noteBalancesPlace(topicId, partition, from)
                    .thenCompose(_ -> on.accountsWriter().apply(balances, stretch))
                : on.accountsWriter().apply(balances, stretch));
  }

  private Call putAccount() {
    String userId = any(USERS);
    String currency = any(CURRENCIES);
    long balanceMinor = balanceMinor();
    long asOfMs = asOfMs();
    return new Call(
        "put account",
        "%s: %d %s as of %d".formatted(userId, balanceMinor, currency, asOfMs),
        on -> {
          on.server().putAccount(userId, currency, balanceMinor, asOfMs);
          return CompletableFuture.completedFuture("put");
        });
  }

  private Call removeAccount() {
    String userId = any(USERS);
    long closedAtMs = asOfMs();
    return new Call(
        "remove account",
        "%s at %d".formatted(userId, closedAtMs),
        on -> {
          on.server().removeAccount(userId, closedAtMs);
          return CompletableFuture.completedFuture("removed");
        });
  }

  /** Few, so that the same comes again. */
  private long balanceMinor() {
    return any(List.of(-5L, 0L, 100L));
  }

  private long asOfMs() {
    return START_MS + random.nextInt(4);
  }

  /** A user's records are all in one partition, but for the one that is claimed late. */
  private String userOf(int partition) {
    return USERS.get(2 * random.nextInt(USERS.size() / 2) + partition % 2);
  }

  private long instantMs(int quarters) {
    return START_MS
        + random.nextInt(1, quarters) * QUARTER_MS
        + (oneIn(2) ? 0 : random.nextInt(-1, 2));
  }

  /** Mostly one of those that are claimed first. */
  private int anyPartition() {
    return oneIn(8) ? PARTITIONS : random.nextInt(PARTITIONS);
  }

  private boolean oneIn(int count) {
    return random.nextInt(count) == 0;
  }

  private <T> T any(List<T> values) {
    return values.get(random.nextInt(values.size()));
  }

  private <T> List<T> some(int max, Supplier<T> one) {
    List<T> values = new ArrayList<>();
    int count = random.nextInt(max + 1);
    for (int i = 0; i < count; i++) {
      values.add(one.get());
    }
    return values;
  }
}
