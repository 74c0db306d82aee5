package io.spendwatch.ops.audit.explain;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.Spendwatch;
import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.lab.cli.Lab;
import io.spendwatch.ops.node.Node;
import io.spendwatch.ops.testing.NodeSettings;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.BalanceCodec;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.protocol.TransactionKind;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** What a node has decided, explained from its tables by the command. */
@ExtendWith(Servers.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ExplainIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Instant T = Instant.parse("2024-07-12T00:00:00Z");

  private TestBed bed;
  private NodeSettings settings;
  private KafkaProducer<byte[], byte[]> producer;
  private int sent;

  @BeforeAll
  void spend(TestBed testBed) throws Exception {
    bed = testBed;
    settings = NodeSettings.of(bed);
    producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bed.bootstrapServers()),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    Node node = Node.start(Configuration.load(), InstantSource.system());
    try {
      for (String user :
          List.of(
              "tie",
              "day",
              "back",
              "expiry",
              "late",
              "change",
              "dip",
              "slow",
              "undone",
              "closed",
              "o'neil\\")) {
        balance(user, 10_000, T.minus(Duration.ofDays(1)));
      }
      await()
          .atMost(PATIENCE)
          .until(() -> number("SELECT count(*) FROM spendwatch.accounts") == 11);

      purchase("tie", "t1", 0, 60_00);
      purchase("tie", "t2", 0, 40_00);
      purchase("tie", "t3", 0, 1);
      purchase("day", "d1", 0, 80_00);
      purchase("day", "d2", 24 * 60, 40_00);
      purchase("back", "b1", 0, 150_00);
      purchase("back", "b2", 30, 1_00);
      refund("back", "b3", 60, 60_00);
      purchase("expiry", "e1", 0, 150_00);
      purchase("expiry", "e2", 25 * 60, 10_00);
      purchase("late", "l1", 0, 60_00);
      purchase("late", "l3", 120, 30_00);
      purchase("late", "l2", 60, 20_00);
      purchase("change", "c1", 0, 60_00);
      purchase("change", "c2", 120, 1_00);
      refund("dip", "g1", 0, 50_00);
      purchase("dip", "g2", 60, 120_00);
      purchase("slow", "x1", 48 * 60, 10_00);
      purchase("slow", "x2", 60, 200_00);
      purchase("undone", "u1", 0, 90_00);
      purchase("undone", "u2", 60, 60_00);
      purchase("undone", "u3", 120, 5_00);
      refund("undone", "u4", 30, 60_00);
      purchase("closed", "z1", 0, 150_00);
      purchase("nobody", "n1", 0, 10_00);
      purchase("nobody", "t1", 0, 10_00);
      purchase("o'neil\\", "q1", 0, 100_01);
      awaitRows();
      execute("DELETE FROM spendwatch.accounts WHERE user_id IN ('closed', 'expiry')");
      balance("change", 50_00, T.plus(Duration.ofHours(2)));
      awaitAlerts("change", 1);
      balance("change", 70_00, T.plus(Duration.ofHours(2)));
      awaitAlerts("change", 2);
      balance("day", 30_00, T.plus(Duration.ofHours(12)));
      awaitAlerts("day", 1);
      balance("nobody", 10_000, T.plus(Duration.ofHours(3)));
      await()
          .atMost(PATIENCE)
          .until(() -> number("SELECT count(*) FROM spendwatch.account_versions") == 15);
    } finally {
      node.stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }
  }

  @AfterAll
  void forget() {
    producer.close();
    settings.close();
  }

  @Test
  void printsAnExplanationForPeople() {
    Printed printed = explain("t3");
    assertThat(printed.status).isZero();
    assertThat(
            printed
                .out
                .replaceAll("(recorded|decided) at \\S+ \\S+ UTC", "$1 at …")
                .replaceAll("[0-9a-f]{8}-[0-9a-f-]{27}", "ID")
                .replaceAll("partition \\d, offset \\d+", "partition P, offset O")
                .replaceAll("kafka_offset <= \\d+", "kafka_offset <= O"))
        .isEqualTo(
            """
            User tie spent 100.01 USD in the 24 hours to 2024-07-12 00:00:00.000 UTC, 0.01 USD more than the balance of \
            100.00 USD (version 1, in force since 2024-07-11 00:00:00.000 UTC), with transaction t3.

            window    (2024-07-11 00:00:00.000 UTC, 2024-07-12 00:00:00.000 UTC]: the first instant is out, the last is in
            exposure  100.01 USD of 3 transactions, stored and recomputed
            balance   100.00 USD, version 1, in force since 2024-07-11 00:00:00.000 UTC, recorded at …
            verdict   BREACH
            alert     RAISED at 2024-07-12 00:00:00.000 UTC: ID
            episode   ID, from 2024-07-12 00:00:00.000 UTC to now, not ended
            source    %s, partition P, offset O, in order; decided at …

            Counted:
              event time                   transaction           kind               amount              sum
              2024-07-12 00:00:00.000 UTC  t1                    PURCHASE            60.00            60.00
              2024-07-12 00:00:00.000 UTC  t2                    PURCHASE            40.00           100.00
              2024-07-12 00:00:00.000 UTC  t3                    PURCHASE             0.01           100.01

            The same figure in psql:
              SELECT coalesce(sum(CASE kind WHEN 'REFUND' THEN -amount_minor ELSE amount_minor END), 0)::bigint AS exposure_minor,
                     count(*) AS transactions
                FROM spendwatch.transactions
               WHERE user_id = 'tie'
                 AND event_time > '2024-07-11T00:00:00Z'
                 AND event_time <= '2024-07-12T00:00:00Z'
                 AND currency = 'USD'
                 AND kafka_offset <= O;
            """
                .formatted(bed.topics().transactions()));
  }

  /** Each row and each alert of the run, by the SQL that is printed with it. */
  @Test
  void everyFigureIsReproducedByItsSql() throws SQLException {
    List<String> ids =
        texts(
            "SELECT transaction_id || ' --user ' || user_id FROM spendwatch.transactions"
                + " UNION ALL SELECT alert_id FROM spendwatch.alerts");
    assertThat(ids).hasSizeGreaterThan(29);
    for (String id : ids) {
      Printed printed = explain((id + " --json").split(" "));
      assertThat(printed.status).as(id + printed.err).isZero();
      Explanation explanation = Json.read(printed.out, Explanation.class);
      assertThat(explanation.differences()).isEmpty();
      Summation summation = explanation.summation();
      assertThat(summation.stored()).isEqualTo(summation.recomputed());
      assertThat(texts(summation.sql()))
          .containsExactly(summation.recomputed().replace(".", "").replaceFirst("^0+(?=.)", ""));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          t2     | exactly the balance of 100.00 USD (version 1, in force since 2024-07-11 00:00:00.000 UTC), and equal is no breach
          d2     | spent 40.00 USD in the 24 hours to 2024-07-13 00:00:00.000 UTC, 60.00 USD less than
          b2     | It raised no alert of its own: the user was in breach since 2024-07-12 00:00:00.000 UTC
          u3     | It raised no alert of its own: the user was in breach since 2024-07-12 01:00:00.000 UTC
          b3     | CLEARED at 2024-07-12 01:00:00.000 UTC by REFUND
          l2     | It arrived out of order: the user's latest then was l3, of 2024-07-12 02:00:00.000 UTC.
          n1     | and had no account to hold it against
          n1     | Version 1 of the balance, 100.00 USD, in force since 2024-07-12 03:00:00.000 UTC, came later
          d2     | Version 2 of the balance, 30.00 USD, in force since 2024-07-12 12:00:00.000 UTC, came later
          x2     | which came too late to change anything
          q1     | WHERE user_id = E'o''neil\\\\'
          """)
  void saysOfATransactionWhatIsParticularAboutIt(String id, String said) {
    Printed printed = explain(id);
    assertThat(printed.status).isZero();
    assertThat(printed.out).contains(said);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          expiry | CLEARED | when e1 of 150.00 USD left the 24 hours: 0.00 USD spent in the 24 hours to then
          back   | CLEARED | with refund b3: 91.00 USD spent
          undone | CLEARED | It became visible when transaction u4, of 2024-07-12 00:30:00.000 UTC, arrived out of order.
          change | RAISED  | 11.00 USD more than the balance of 50.00 USD (version 2, in force since 2024-07-12 02:00:00.000 UTC), when that came into force.
          change | CLEARED | when that balance came into force: 61.00 USD spent in the 24 hours to then, 9.00 USD less than
          day    | RAISED  | 50.00 USD more than the balance of 30.00 USD (version 2, in force since 2024-07-12 12:00:00.000 UTC), when that came into force.
          day    | RAISED  | It became visible when a version of the balance came that was in force earlier.
          late   | RAISED  | It became visible when transaction l2, of 2024-07-12 01:00:00.000 UTC, arrived out of order.
          """)
  void saysOfAnAlertWhyItCame(String user, String type, String said) throws SQLException {
    String alertId =
        texts(
                "SELECT alert_id FROM spendwatch.alerts WHERE user_id = '%s' AND type = '%s'"
                    .formatted(user, type))
            .getFirst();
    Printed printed = explain(alertId);
    assertThat(printed.out).contains(said);
    assertThat(printed.status).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          tie    | 2024-07-12T00:00:00Z    | the user was in an episode, since 2024-07-12 00:00:00.000 UTC.
          day    | 2024-07-12T11:59:00Z    | 20.00 USD less than the balance of 100.00 USD
          day    | 2024-07-12T12:00:00Z    | 50.00 USD more than the balance of 30.00 USD (version 2
          day    | 2024-07-13T00:00:00Z    | spent 40.00 USD
          day    | 2024-07-12T23:59:59.999Z| spent 80.00 USD
          dip    | 2024-07-13T00:30:00Z    | only since a refund left the 24 hours
          slow   | 2024-07-12T01:00:00Z    | Without what came too late
          nobody | 2024-07-12T01:00:00Z    | 80.00 USD less than the balance of 100.00 USD (version 1
          expiry | 2999-01-01T00:00:00Z    | there was no alert, since there was no account
          expiry | 2999-01-01T00:00:00Z    | The account went at
          undone | 2024-07-12T02:00:00Z    | 5.00 USD less than
          closed | 2024-07-12T01:00:00Z    | the user was in an episode, since 2024-07-12 00:00:00.000 UTC.
          late   | 2024-07-12T01:30:00Z    | 20.00 USD less than
          change | 2024-07-12T01:00:00Z    | 40.00 USD less than the balance of 100.00 USD (version 1
          change | 2024-07-12T02:00:00Z    | 9.00 USD less than the balance of 70.00 USD (version 3
          """)
  void saysWhyThereWasNoAlertAtAnInstant(String user, String at, String said) {
    Printed printed = explain("--user", user, "--at", at);
    assertThat(printed.out).contains(said);
    assertThat(printed.status).isZero();
  }

  @Test
  void listsWhatArrivedLaterAndHowMuchIsNotShown() {
    assertThat(explain("l3").out)
        .contains("Arrived later, and not counted:\n")
        .containsPattern("2024-07-12 01:00:00.000 UTC  l2 ");
    assertThat(explain("t3", "--rows", "1").out)
        .containsPattern("… 2 more before these +100.00 +100.00  \\(--rows shows more\\)");
  }

  @Test
  void saysThatTheTablesDisagree() throws SQLException {
    execute(
        "UPDATE spendwatch.transactions SET exposure_minor = exposure_minor + 5 WHERE transaction_id = 'd1'");
    try {
      Printed printed = explain("d1", "--user", "day");
      assertThat(printed.status).isEqualTo(1);
      assertThat(printed.out)
          .contains("! The tables disagree: the exposure is stored as 80.05 USD, but its")
          .contains("80.00 USD of 1 transaction recomputed, but stored as 80.05");
    } finally {
      execute(
          "UPDATE spendwatch.transactions SET exposure_minor = exposure_minor - 5 WHERE transaction_id = 'd1'");
    }
  }

  @Test
  void saysWhatCannotBeExplained() {
    assertCannot("no alert and no transaction has the id zzz", "zzz");
    assertCannot(bed.topics().transactionsDeadLetters(), "zzz");
    assertCannot("no alert and no transaction of user tie has the id l1", "l1", "--user", "tie");
    assertCannot(
        "say which by --user and --at: --user nobody --at 2024-07-12T00:00:00Z, --user tie", "t1");
    assertCannot("user zoe had neither", "--user", "zoe", "--at", "2024-07-12T00:00:00Z");
    assertThat(explain("t1", "--user", "tie", "--at", "2024-07-12T10:00:00Z").status).isZero();
    settings.set("spendwatch.postgres.uri", "postgresql://nobody@127.0.0.1:1/none");
    assertCannot("PostgreSQL: ", "t1");
    settings.set("spendwatch.postgres.uri", bed.pgUri());
  }

  private void assertCannot(String said, String... arguments) {
    Printed printed = explain(arguments);
    assertThat(printed.err).contains(said).hasLineCount(1);
    assertThat(printed.out).isEmpty();
    assertThat(printed.status).isEqualTo(2);
  }

  private record Printed(int status, String out, String err) {}

  private static Printed explain(String... arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    CommandLine commandLine = Spendwatch.commandLine(Lab.commands());
    commandLine.setOut(new PrintWriter(out, true));
    commandLine.setErr(new PrintWriter(err, true));
    List<String> words = new ArrayList<>(List.of(arguments));
    words.addFirst("explain");
    int status = commandLine.execute(words.toArray(String[]::new));
    return new Printed(status, out.toString(), err.toString());
  }

  private void balance(String user, long minor, Instant asOf) throws Exception {
    byte[] value = BalanceCodec.encode(new Balance(user, user, minor, "USD", asOf.toEpochMilli()));
    producer.send(new ProducerRecord<>(bed.topics().balances(), user.getBytes(UTF_8), value)).get();
  }

  private void purchase(String user, String id, int minutes, long minor) throws Exception {
    send(user, id, minutes, minor, TransactionKind.PURCHASE);
  }

  private void refund(String user, String id, int minutes, long minor) throws Exception {
    send(user, id, minutes, minor, TransactionKind.REFUND);
  }

  private void send(String user, String id, int minutes, long minor, TransactionKind kind)
      throws Exception {
    long atMs = T.plus(Duration.ofMinutes(minutes)).toEpochMilli();
    byte[] value =
        TransactionCodec.encode(new Transaction(id, user, minor, "USD", atMs, kind, null, null));
    producer
        .send(new ProducerRecord<>(bed.topics().transactions(), user.getBytes(UTF_8), value))
        .get();
    sent++;
  }

  private void awaitRows() {
    await()
        .atMost(PATIENCE)
        .until(() -> number("SELECT count(*) FROM spendwatch.transactions") == sent);
  }

  private void awaitAlerts(String user, int alerts) {
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                number("SELECT count(*) FROM spendwatch.alerts WHERE user_id = '" + user + "'")
                    == alerts);
  }

  private long number(String sql) throws SQLException {
    return Long.parseLong(texts(sql).getFirst());
  }

  private List<String> texts(String sql) throws SQLException {
    List<String> texts = new ArrayList<>();
    try (Connection connection = bed.database().connect("test");
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      while (rows.next()) {
        texts.add(rows.getString(1));
      }
    }
    return texts;
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = bed.database().connect("test");
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
