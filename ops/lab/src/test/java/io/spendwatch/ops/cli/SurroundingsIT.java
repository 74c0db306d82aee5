package io.spendwatch.ops.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.lab.sandbox.start.Ports;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.ops.testing.Launched;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What is around Spendwatch is not what its developers have: a language with other digits, a
 * terminal with ASCII only, another time zone, and a database whose every default is a different
 * one. Nothing of that changes what it does.
 */
@ExtendWith(Servers.class)
class SurroundingsIT {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  private static final List<String> HOSTILE_DEFAULTS =
      List.of(
          "search_path = elsewhere, pg_catalog",
          "datestyle = 'German, DMY'",
          "intervalstyle = 'sql_standard'",
          "timezone = 'Asia/Kathmandu'",
          "standard_conforming_strings = off",
          "default_transaction_isolation = 'serializable'",
          "statement_timeout = '4s'",
          "client_encoding = 'LATIN1'",
          "extra_float_digits = -15",
          "bytea_output = 'escape'",
          "array_nulls = off",
          "transform_null_equals = on",
          "quote_all_identifiers = on",
          "lc_time = 'C'",
          "lc_numeric = 'C'",
          "lc_monetary = 'C'");

  /** Taken for the server's own where the search path is the database's. */
  private static final List<String> IMPOSTORS =
      List.of(
          "CREATE SCHEMA elsewhere",
          "CREATE FUNCTION elsewhere.now() RETURNS timestamptz LANGUAGE sql RETURN 'epoch'::timestamptz",
          "CREATE FUNCTION elsewhere.to_json(text[]) RETURNS json LANGUAGE sql RETURN '[]'::json",
          "CREATE FUNCTION elsewhere.cardinality(text[]) RETURNS integer LANGUAGE sql RETURN 0",
          "CREATE FUNCTION elsewhere.date_trunc(text, timestamptz, text) RETURNS timestamptz"
              + " LANGUAGE sql RETURN 'epoch'::timestamptz",
          "CREATE TABLE elsewhere.accounts (user_id integer)",
          "GRANT USAGE ON SCHEMA elsewhere TO PUBLIC");

  @Test
  void changeNothing(TestBed servers) throws Exception {
    TestBed bed = hostile(servers);
    Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);

    assertThat(run(bed, "migrate")).anyMatch(line -> line.matches("schema: [0-9]+ migrations.*"));
    execute(
        bed.database(),
        "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor) VALUES"
            + " ('Jürgen', 'EUR', 10000), ('日本', 'EUR', 50000)",
        "UPDATE spendwatch.accounts SET balance_minor = 9999 WHERE user_id = 'Jürgen'");
    Map<String, String> environment = environment(bed);
    environment.put("SPENDWATCH_HTTP_PORT", Integer.toString(Ports.free()));
    try (Launched node = Launched.start(environment, "node")) {
      produce(bed, "Jürgen", "t-1", "\"100.00\"", now);
      produce(bed, "日本", "t-2", "1E+2", now);
      // Already the next century in Kathmandu.
      produce(bed, "日本", "t-3", "1", Instant.parse("1999-12-31T23:59:59.999Z"));
      await("the rows")
          .atMost(LIMIT)
          .failFast(() -> node.err().stream().anyMatch(line -> line.startsWith("spendwatch node:")))
          .until(
              () ->
                  strings(bed.database(), "SELECT verdict FROM spendwatch.transactions").size()
                      == 3);

      assertThat(run(bed, "alerts", "--from-beginning", "--max", "1"))
          .singleElement()
          .asString()
          .contains("Jürgen", "0.01 EUR", now.toString().substring(0, 10));
      assertThat(run(bed, "explain", "--user", "日本", "--at", now.toString()))
          .anyMatch(line -> line.contains("日本"))
          .anyMatch(line -> line.contains("100.00"));
      assertThat(run(bed, "audit")).anyMatch(line -> line.contains("3 transactions"));
      node.signal("TERM");
      node.awaitEnd(LIMIT);
    }
    assertThat(
            strings(
                bed.database(),
                "SELECT relname FROM pg_class WHERE relname LIKE 'transactions_1999%' OR relname LIKE 'transactions_2000%'"))
        .contains("transactions_199912")
        .noneMatch(name -> name.startsWith("transactions_2000"));
    assertThat(
            strings(
                bed.database(),
                "SELECT balance_minor || ' ' || (recorded_at > pg_catalog.now() - interval '1 hour')"
                    + " FROM spendwatch.account_versions WHERE user_id = 'Jürgen' ORDER BY 1"))
        .containsExactly("10000 true", "9999 true");
  }

  private static TestBed hostile(TestBed servers) throws SQLException {
    PostgresAddress home = servers.database();
    String name = home.database() + "_hostile";
    execute(home, "CREATE DATABASE " + name);
    var address =
        new PostgresAddress(home.hosts(), name, home.parameters(), home.user(), home.password());
    execute(address, IMPOSTORS.toArray(String[]::new));
    execute(
        home,
        HOSTILE_DEFAULTS.stream()
            .map(setting -> "ALTER DATABASE " + name + " SET " + setting)
            .toArray(String[]::new));
    return new TestBed(servers.bootstrapServers(), address, servers.topics(), servers.group());
  }

  private static Map<String, String> environment(TestBed bed) {
    Map<String, String> environment = new HashMap<>(bed.environment());
    environment.put("LC_ALL", "C");
    environment.put("LANG", "C");
    environment.put(
        "SPENDWATCH_JAVA_OPTS",
        "-Duser.language=ar -Duser.country=EG -Duser.timezone=Asia/Kathmandu"
            + " -Dspendwatch.audit.grace=1ms");
    return environment;
  }

  /** What a command prints that has ended well, with nothing on standard error. */
  private static List<String> run(TestBed bed, String... command) {
    try (Launched launched = Launched.start(environment(bed), command)) {
      int status = launched.awaitEnd(LIMIT);
      assertThat(launched.err()).isEmpty();
      assertThat(status).isZero();
      return launched.out();
    }
  }

  private static void produce(
      TestBed bed, String userId, String transactionId, String amount, Instant at) {
    String value =
        String.format(
            Locale.ROOT,
            "{\"transactionId\":\"%s\",\"userId\":\"%s\",\"amount\":%s,\"currency\":\"EUR\",\"eventTime\":\"%s\"}",
            transactionId,
            userId,
            amount,
            at);
    try (var producer =
        new KafkaProducer<byte[], byte[]>(
            Map.of("bootstrap.servers", bed.bootstrapServers()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      var _ =
          producer.send(
              new ProducerRecord<>(
                  bed.topics().transactions(), userId.getBytes(UTF_8), value.getBytes(UTF_8)));
    }
  }

  /** As another application, in a session with the database's defaults. */
  private static void execute(PostgresAddress address, String... statements) throws SQLException {
    try (Connection connection = plain(address);
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  private static List<String> strings(PostgresAddress address, String sql) throws SQLException {
    List<String> strings = new ArrayList<>();
    try (Connection connection = plain(address);
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      while (rows.next()) {
        strings.add(rows.getString(1));
      }
    }
    return strings;
  }

  private static Connection plain(PostgresAddress address) throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://" + address.hosts() + "/" + address.database(),
        address.user(),
        address.password());
  }
}
