package io.spendwatch.ops.erasure;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.Spendwatch;
import io.spendwatch.ops.analysis.ArchiveAccess;
import io.spendwatch.ops.audit.AuditReport;
import io.spendwatch.ops.audit.AuditReport.Mode;
import io.spendwatch.ops.audit.AuditedNode;
import io.spendwatch.ops.audit.NobodysWindows;
import io.spendwatch.ops.audit.explain.Explanations;
import io.spendwatch.ops.deadletters.DeadLetterTopics;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.ops.testing.TestDatabase;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Of a user who is erased nothing is left anywhere, and all that is kept still adds up. */
@ExtendWith(Servers.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ErasureIT {
  private AuditedNode node;
  private TestDatabase tables;

  @BeforeAll
  void start(TestBed bed, @TempDir Path directory) throws Exception {
    node = AuditedNode.start(bed);
    tables = node.tables();
    node.decideHistory(directory, 12, 600);
    node.beginTraffic();
  }

  @AfterAll
  void end() throws Exception {
    node.end();
  }

  /** Their rows have the user, or may have: each is erased, or a reason is here. */
  @Test
  void noColumnThatCouldNameAUserIsForgottenByAnErasure() {
    Set<String> columns =
        new TreeSet<>(
            tables.column(
                "SELECT relname || '.' || attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
                    + " WHERE relnamespace = 'spendwatch'::regnamespace AND relkind IN ('r', 'p')"
                    + " AND NOT relispartition AND attnum > 0 AND NOT attisdropped AND relname <> 'flyway_schema_history'"
                    + " AND (atttypid IN ('text'::regtype, 'varchar'::regtype, 'bytea'::regtype, 'json'::regtype,"
                    + " 'jsonb'::regtype, 'text[]'::regtype, 'varchar[]'::regtype) OR attname LIKE '%user%')"));
    Set<String> known = new TreeSet<>(Erased.COLUMNS);
    known.addAll(Erased.REASONS.keySet());
    assertThat(columns).isEqualTo(known);
  }

  /** So that whoever answers for the data finds all of them in one place. */
  @Test
  void eachTableThatHasUsersIsInTheInventory() throws Exception {
    String document = Files.readString(Path.of("..", "..", "docs", "security.md"));
    String inventory = document.substring(document.indexOf("## Whose data are where"));
    assertThat(Erased.COLUMNS)
        .extracting(column -> column.substring(0, column.indexOf('.')))
        .allSatisfy(table -> assertThat(inventory).containsPattern("[`.]" + table + "`"));
  }

  /**
   * Days of one user, with episodes, duplicates, a late record, versions of the balance, and a
   * finding; then nothing of it, anywhere. Who comes back is new.
   */
  @Test
  void whoIsErasedIsNowhereAndEverythingStillAddsUp() throws Exception {
    String user = "Erasable Ünïcode 用户";
    long now = System.currentTimeMillis();
    long hour = 3_600_000;
    node.send(balance(user, 20_000, now - 240 * hour), balance(user, 10_000, now - 30 * hour));
    await()
        .atMost(AuditedNode.LIMIT)
        .until(
            () ->
                tables.number(
                        "SELECT count(*) FROM spendwatch.account_versions WHERE user_id = '"
                            + user
                            + "'")
                    == 2);
    spend(user, "e-1", 1_000, now - 200 * hour);
    spend(user, "e-2", 25_000, now - 100 * hour);
    spend(user, "e-3", 2_000, now - 40 * hour);
    spend(user, "e-4", 3_000, now - 4 * hour);
    spend(user, "e-5", 9_000, now - 2 * hour);
    // Once more, also with another event time; and what makes it a breach sooner.
    spend(user, "e-3", 2_000, now - 40 * hour);
    spend(user, "e-5", 9_000, now - hour);
    spend(user, "e-6", 8_000, now - 3 * hour);
    node.send(user, "no JSON".getBytes(UTF_8));
    String rowsOfUser =
        "SELECT count(*) FROM spendwatch.transactions WHERE user_id = '" + user + "'";
    await()
        .atMost(AuditedNode.LIMIT)
        .until(
            () -> tables.number(rowsOfUser.replace("transactions", "rolled_up_transactions")) == 6);
    assertThat(
            tables.number(
                "SELECT count(*) FROM spendwatch.open_episodes WHERE user_id = '" + user + "'"))
        .isOne();
    String planted =
        "UPDATE spendwatch.transactions SET exposure_minor = exposure_minor %s 1 WHERE user_id = '"
            + user
            + "' AND transaction_id = 'e-2'";
    tables.execute(planted.formatted("+"));
    assertThat(node.audit(Mode.FULL, new NobodysWindows()).findings()).isNotEmpty();
    tables.execute(planted.formatted("-"));
    AuditReport before = node.audit(Mode.FULL, node.windows());
    assertThat(before.findings()).isEmpty();
    assertThat(
            tables.number(
                "SELECT count(*) FROM spendwatch.reconciliation_findings WHERE user_id = '"
                    + user
                    + "'"))
        .isPositive();
    String alertId =
        tables.text(
            "SELECT alert_id FROM spendwatch.alerts WHERE user_id = '"
                + user
                + "' AND type = 'RAISED' ORDER BY event_time DESC LIMIT 1");

    String rehearsed = erase(0, user, "--json");
    assertThat(rehearsed).contains("\"done\":false", "\"table\":\"transactions\",\"rows\":6");
    assertThat(tables.number(rowsOfUser)).isEqualTo(6);
    // Whose transactions still come is left alone.
    assertThat(Spendwatch.run(Spendwatch.COMMANDS, "erase", "live3", "--yes")).isOne();
    await()
        .atMost(AuditedNode.LIMIT)
        .until(
            () ->
                tables.number(
                        "SELECT extract(epoch FROM clock_timestamp() - max(ingested_at))::bigint FROM"
                            + " spendwatch.transactions WHERE user_id = '"
                            + user
                            + "'")
                    > 10);
    String said = erase(0, user, "--yes");
    assertThat(said)
        .contains("transactions                 had 6 rows", "archive: left out; there is none");
    assertThat(said)
        .contains("topic " + node.bed().topics().transactions() + " keeps what it has until 20");

    assertThat(tablesWith(user)).isEmpty();
    String pseudonym = tables.text("SELECT pseudonym FROM spendwatch.erasures");
    assertThat(pseudonym).startsWith("erased-");
    assertThat(
            tables.number(
                "SELECT count(*) FROM spendwatch.transactions WHERE user_id = '" + pseudonym + "'"))
        .isEqualTo(6);
    assertThat(node.audit(Mode.INCREMENTAL, node.windows()).findings()).isEmpty();
    AuditReport after = node.audit(Mode.FULL, node.windows());
    assertThat(after.findings()).isEmpty();
    assertThat(after.alerts()).isGreaterThanOrEqualTo(before.alerts());
    assertThat(
            new Explanations(
                    node.database(),
                    node.bed().topics(),
                    10,
                    new ArchiveAccess.Absent("there is none"))
                .of(alertId, null, null)
                .differences())
        .isEmpty();
    assertThat(
            answer("/api/v1/users/" + URLEncoder.encode(user, UTF_8).replace("+", "%20"))
                .statusCode())
        .isEqualTo(404);
    assertThat(answer("/api/v1/users/" + pseudonym).body())
        .contains("\"exposure\":\"200.00\"", "\"username\":null");
    assertThat(
            tables.text(
                "SELECT outcome FROM spendwatch.operator_actions WHERE action = 'erase --yes'"
                    + " ORDER BY action_id DESC LIMIT 1"))
        .startsWith("a user: ");
    List<String> letters = new ArrayList<>();
    new DeadLetterTopics(node.kafka())
        .read(
            Instant.ofEpochMilli(now),
            Instant.now().plusSeconds(3600),
            letter -> letters.add(letter.topic()));
    assertThat(letters).doesNotContain(node.bed().topics().balancesDeadLetters());

    // The episode that was open goes on: it ends where the pseudonym spends nothing.
    String stored =
        tables.text(
            "SELECT sum(hashtextextended(t::text, 0)) FROM spendwatch.transactions AS t WHERE user_id = '"
                + pseudonym
                + "'");
    assertThat(erase(0, user, "--yes")).contains("there is nothing of this user");
    assertThat(tables.number("SELECT count(*) FROM spendwatch.erasures")).isOne();
    assertThat(
            tables.text(
                "SELECT sum(hashtextextended(t::text, 0)) FROM spendwatch.transactions AS t WHERE user_id = '"
                    + pseudonym
                    + "'"))
        .isEqualTo(stored);

    spend(user, "e-1", 7_000, now);
    await().atMost(AuditedNode.LIMIT).until(() -> tables.number(rowsOfUser) == 1);
    assertThat(
            tables.text(
                "SELECT exposure_minor || ' ' || verdict FROM spendwatch.transactions WHERE user_id = '"
                    + user
                    + "'"))
        .isEqualTo("7000 NO_ACCOUNT");
    assertThat(node.audit(Mode.FULL, node.windows()).findings()).isEmpty();
    // As one that was interrupted when it had begun leaves it: the next one goes on.
    tables.execute(
        "INSERT INTO spendwatch.erasures (pseudonym, user_id) VALUES ('erased-half', '"
            + user
            + "')");
    await()
        .atMost(AuditedNode.LIMIT)
        .pollInterval(Duration.ofSeconds(2))
        .until(() -> Spendwatch.run(Spendwatch.COMMANDS, "erase", user, "--yes") == 0);
    assertThat(tablesWith(user)).isEmpty();
    assertThat(tables.column("SELECT pseudonym FROM spendwatch.erased_users"))
        .containsExactlyInAnyOrder(pseudonym, "erased-half");
    assertThat(
            tables.number(
                "SELECT count(*) FROM spendwatch.transactions WHERE user_id = 'erased-half'"))
        .isOne();
    assertThat(node.audit(Mode.FULL, node.windows()).findings()).isEmpty();
  }

  private String erase(int status, String... arguments) {
    var out = new StringWriter();
    CommandLine commandLine = Spendwatch.commandLine(Spendwatch.COMMANDS);
    commandLine.setOut(new PrintWriter(out, true));
    String[] all = Stream.concat(Stream.of("erase"), Stream.of(arguments)).toArray(String[]::new);
    assertThat(commandLine.execute(all)).as(out.toString()).isEqualTo(status);
    return out.toString();
  }

  /** Of all in the schema, whatever the column. */
  private List<String> tablesWith(String user) {
    String hex = java.util.HexFormat.of().formatHex(user.getBytes(UTF_8));
    List<String> found = new ArrayList<>();
    for (String table :
        tables.column(
            "SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'spendwatch'::regnamespace"
                + " AND relkind IN ('r', 'p') AND NOT relispartition")) {
      if (tables.number(
              "SELECT count(*) FROM "
                  + table
                  + " AS t WHERE strpos(t::text, '"
                  + user
                  + "') > 0 OR strpos(t::text, '"
                  + hex
                  + "') > 0")
          > 0) {
        found.add(table);
      }
    }
    return found;
  }

  private void spend(String user, String transactionId, long amountMinor, long eventTimeMs) {
    node.send(
        new Transaction(
            transactionId,
            user,
            amountMinor,
            "USD",
            eventTimeMs,
            TransactionKind.PURCHASE,
            "shop",
            null));
  }

  private static Balance balance(String user, long minor, long asOfMs) {
    return new Balance(user, "Erasable Ünïcode 用户 herself", minor, "USD", asOfMs);
  }

  private HttpResponse<String> answer(String path) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(
          HttpRequest.newBuilder(node.http().resolve(path)).build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }
}
