package io.spendwatch.ops.audit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.api.HttpWindows;
import io.spendwatch.ops.audit.AuditReport.Mode;
import io.spendwatch.ops.audit.windows.AwakeWindows;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.node.Node;
import io.spendwatch.ops.testing.DataSets;
import io.spendwatch.ops.testing.NodeSettings;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.ops.testing.TestDatabase;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.BalanceCodec;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.kafka.KafkaConfig;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * A node that goes on deciding while what it has decided is audited. For one test class, which
 * {@linkplain #end ends} it.
 */
public final class AuditedNode {
  /** Until what is waited for is there. */
  public static final Duration LIMIT = Duration.ofMinutes(2);

  /** So few that a class that takes long does not audit more and more, and takes longer yet. */
  private static final Duration BETWEEN_TRANSACTIONS = Duration.ofMillis(100);

  /** Notes and alerts that wait for a step of the roll-ups. */
  private static final String NOT_ROLLED_UP =
      """
      SELECT (SELECT count(*) FROM spendwatch.rollup_feed)
             + (SELECT count(*) FROM spendwatch.pipelines AS p LEFT JOIN spendwatch.rollup_alerts AS m USING (kafka_partition)
                 WHERE p.alert_seq > coalesce(m.alert_seq, 0))
      """;

  private final AtomicLong produced = new AtomicLong();
  private final ScheduledExecutorService traffic = Executors.newSingleThreadScheduledExecutor();
  private final TestBed bed;
  private final TestDatabase tables;
  private final NodeSettings settings;
  private final Configuration configuration;
  private final Node node;
  private final Database database;
  private final KafkaProducer<byte[], byte[]> producer;

  private AuditedNode(TestBed bed) throws Exception {
    this.bed = bed;
    tables = new TestDatabase(bed.database());
    settings =
        NodeSettings.of(bed)
            // Runs are the tests'.
            .set("spendwatch.audit.interval", "1h")
            .set("spendwatch.audit.grace", "2s")
            // About half of what most tests have: two shares, side by side.
            .set("spendwatch.audit.rows-at-once", "5000")
            .set("spendwatch.sales-metrics.enabled", "true");
    configuration = Configuration.load();
    node = Node.start(configuration, InstantSource.system());
    database = Database.open(configuration.auditDatabase());
    producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bed.bootstrapServers()),
            new ByteArraySerializer(),
            new ByteArraySerializer());
  }

  /** Starts one, without any traffic. */
  public static AuditedNode start(TestBed bed) throws Exception {
    return new AuditedNode(bed);
  }

  /**
   * Has it decide about several sets, in order and out of it, with refunds, duplicates, changed
   * balances and bad records, and awaits that all of it is in the roll-ups: what a test plants
   * there must not meet it on its way.
   *
   * @param users of the first set; the others are in proportion
   * @param transactions of the first set, likewise
   */
  public void decideHistory(Path directory, int users, int transactions) {
    var sets = new DataSets(directory, bed.bootstrapServers(), bed.topics(), bed.group());
    decide(sets, "ordered", users, transactions, "--seed=21");
    decide(sets, "sparse", 20 * users / 3, 6 * transactions / 25, "--seed=22", "--span=20d");
    // The users of the first set again, with other balances.
    decide(
        sets,
        "late",
        users / 2,
        3 * transactions / 5,
        "--seed=23",
        "--disorder=0.2",
        "--disorder-max=30h",
        "--duplicates=0.05",
        "--refunds=0.3");
    send("k", null);
    send("k", "no JSON".getBytes(UTF_8));
    await().atMost(LIMIT).until(() -> tables.number(NOT_ROLLED_UP) == 0);
  }

  private static void decide(
      DataSets sets, String set, int users, int transactions, String... options) {
    String[] all = new String[options.length + 2];
    all[0] = "--users=" + users;
    all[1] = "--transactions=" + transactions;
    System.arraycopy(options, 0, all, 2, options.length);
    sets.generate("spend", set, all);
    sets.replay(set, "--until-processed");
  }

  /** Has fifty users, {@code live0} and on, spend now and then until the end. */
  public void beginTraffic() {
    tables.execute(
        "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor) SELECT 'live' || n, 'USD',"
            + " 100000 FROM generate_series(0, 49) AS n");
    var _ =
        traffic.scheduleAtFixedRate(
            this::spendLive, 0, BETWEEN_TRANSACTIONS.toMillis(), TimeUnit.MILLISECONDS);
    awaitMoreLive(100);
    await()
        .atMost(LIMIT)
        .until(() -> tables.number("SELECT count(*) FROM spendwatch.user_features_versions") > 0);
  }

  /** Has these users spend so often at once, and awaits that all of that is decided. */
  void awaitMoreLive(int transactions) {
    long before = count("live%");
    for (int i = 0; i < transactions; i++) {
      spendLive();
    }
    await().atMost(LIMIT).until(() -> count("live%") > before + transactions);
  }

  /** Now and then too late, or too much. */
  private void spendLive() {
    long n = produced.getAndIncrement();
    send(
        new Transaction(
            "live-" + n,
            "live" + n % 50,
            n % 97 == 0 ? 90_000 : 1000,
            "USD",
            System.currentTimeMillis() - (n % 20 == 0 ? 5000 : 0),
            n % 11 == 0 ? TransactionKind.REFUND : TransactionKind.PURCHASE,
            null,
            null));
  }

  /** Sends a transaction. */
  public void send(Transaction transaction) {
    send(transaction.userId(), TransactionCodec.encode(transaction));
  }

  /** Sends a record of the transactions, whatever it is. */
  public void send(String key, byte[] value) {
    var _ =
        producer.send(
            new ProducerRecord<>(bed.topics().transactions(), key.getBytes(UTF_8), value));
  }

  /** Sends balances, and awaits that the broker has them. */
  public void send(Balance... balances) {
    for (Balance balance : balances) {
      var _ =
          producer.send(
              new ProducerRecord<>(
                  bed.topics().balances(),
                  balance.userId().getBytes(UTF_8),
                  BalanceCodec.encode(balance)));
    }
    producer.flush();
  }

  public AuditReport audit(Mode mode, AwakeWindows windows) {
    return reconciliation(kafka(), configuration.audit(), windows)
        .run(mode, Duration.ZERO)
        .orElseThrow();
  }

  Reconciliation reconciliation(KafkaConfig kafka, AuditConfig audit, AwakeWindows windows) {
    return new Reconciliation(
        database, kafka, audit, Optional.empty(), windows, InstantSource.system());
  }

  /** Of the node, asked as a command asks. */
  public AwakeWindows windows() {
    return new HttpWindows(http(), Duration.ofSeconds(60));
  }

  public URI http() {
    return URI.create("http://127.0.0.1:" + node.httpPort());
  }

  public TestBed bed() {
    return bed;
  }

  public TestDatabase tables() {
    return tables;
  }

  public Configuration configuration() {
    return configuration;
  }

  public KafkaConfig kafka() {
    return configuration.streams().kafka();
  }

  /** The audit's, on the analytical pool. */
  public Database database() {
    return database;
  }

  Node node() {
    return node;
  }

  /** How many rows there are of users like these. */
  long count(String users) {
    return tables.number(
        "SELECT count(*) FROM spendwatch.transactions WHERE user_id LIKE '" + users + "'");
  }

  long openFindings() {
    return tables.number(
        "SELECT count(*) FROM spendwatch.reconciliation_findings WHERE resolved_run_id IS NULL");
  }

  /** Of all that was planted and taken back, nothing is left; then it ends. */
  public void end() throws Exception {
    try {
      assertThat(audit(Mode.FULL, new NobodysWindows()).findings()).isEmpty();
      assertThat(openFindings()).isZero();
    } finally {
      traffic.shutdownNow();
      producer.close();
      node.stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
      database.close().toCompletableFuture().get(10, TimeUnit.SECONDS);
      settings.close();
    }
  }
}
