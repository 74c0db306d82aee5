package io.spendwatch.ops.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import io.spendwatch.actors.exposure.Rule;
import io.spendwatch.ops.Spendwatch;
import io.spendwatch.ops.audit.AuditReport;
import io.spendwatch.ops.audit.Finding;
import io.spendwatch.ops.audit.FindingKind;
import io.spendwatch.ops.lab.cli.Lab;
import io.spendwatch.ops.testing.NodeSettings;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCodec;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.ForeignText;
import io.spendwatch.streams.database.SqlText;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** Ids that would clear the screen, forge lines or end literals, in all that the commands print. */
@ExtendWith(Servers.class)
class ForeignTextIT {
  private static final String USER = "u'\n2024  RAISED  x\u001b[2J\u009b\u202e\\";
  private static final String TRANSACTION = "t\r\u001b]0;x\u0007'\\\u2028";

  @Test
  void anExplanationIsSafeAndItsSqlRunsAsItStands(TestBed bed) throws SQLException {
    try (Connection connection = bed.database().connect("test");
        Statement statement = connection.createStatement();
        PreparedStatement insert =
            connection.prepareStatement(
                """
                INSERT INTO spendwatch.transactions (user_id, event_time, transaction_id, kind, amount_minor, currency,
                       exposure_minor, verdict, kafka_partition, kafka_offset, ingested_at)
                VALUES (?, '2024-07-12T00:00:00Z', ?, 'PURCHASE', 4200, 'USD', 4200, 'NO_ACCOUNT', 0, 7, now())
                """)) {
      statement.execute("SELECT spendwatch.ensure_partitions(ARRAY['2024-07-12'::timestamptz])");
      insert.setString(1, USER);
      insert.setString(2, TRANSACTION);
      int _ = insert.executeUpdate();
      try (NodeSettings _ = NodeSettings.of(bed)) {
        String text = run("explain", TRANSACTION, "--user", USER);
        assertSafe(text);
        assertThat(text).contains("User u'\\u000A2024  RAISED  x\\u001B[2J\\u009B\\u202E\\");
        String sql = text.substring(text.indexOf("psql:\n") + "psql:\n".length());
        try (ResultSet row = statement.executeQuery(sql)) {
          assertThat(row.next()).isTrue();
          assertThat(row.getLong(1)).isEqualTo(4200);
          assertThat(row.getLong(2)).isEqualTo(1);
        }
        String json = run("explain", TRANSACTION, "--user", USER, "--json");
        assertSafe(json);
        assertThat(json).hasLineCount(1);
        assertThat(summedOf(json)).isEqualTo(USER);
        assertSafe(run("explain", "\u001b[2J\n\u202e"));
      }
    }
  }

  @Test
  void alertsAreSafeAsLinesAndAsJson(TestBed bed) throws Exception {
    var alert =
        new Alert(
            "0a\u001b[2J-0a",
            AlertType.RAISED,
            "e",
            USER,
            TRANSACTION,
            2,
            1,
            "USD",
            1,
            0,
            0,
            false,
            null,
            null,
            Rule.EXPOSURE_24H.applied(),
            new Alert.Source("transactions", 0, 7));
    try (NodeSettings _ = NodeSettings.of(bed);
        var producer =
            new KafkaProducer<>(
                Map.of("bootstrap.servers", bed.bootstrapServers()),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
      var _ =
          producer
              .send(
                  new ProducerRecord<>(
                      bed.topics().alerts(), USER.getBytes(UTF_8), AlertCodec.encode(alert)))
              .get();
      String line = run("alerts", "--from-beginning", "--max", "1");
      assertSafe(line);
      assertThat(line).hasLineCount(1).contains("0a\\u001B[2J-", "u'\\u000A2024");
      String json = run("alerts", "--from-beginning", "--max", "1", "--json");
      assertSafe(json);
      assertThat(AlertCodec.decode(json.strip().getBytes(UTF_8)).userId()).isEqualTo(USER);
    }
  }

  @Test
  void anAuditIsSafeAndItsQueriesRun(TestBed bed) throws SQLException {
    try (Connection connection = bed.database().connect("test");
        PreparedStatement quote =
            connection.prepareStatement("SELECT format('SELECT %L, %L', ?, ?)");
        Statement statement = connection.createStatement()) {
      quote.setString(1, USER);
      quote.setString(2, "plain");
      String reproduce;
      try (ResultSet row = quote.executeQuery()) {
        row.next();
        reproduce = row.getString(1);
      }
      String text = report(reproduce).text();
      assertSafe(text);
      String shown =
          text.lines().filter(line -> line.contains("shown by")).findFirst().orElseThrow();
      try (ResultSet row = statement.executeQuery(shown.replaceFirst(" *shown by *", ""))) {
        row.next();
        assertThat(row.getString(1)).isEqualTo(USER);
        assertThat(row.getString(2)).isEqualTo("plain");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {USER, TRANSACTION, "plain", "it's", "\\", "'", "\ud83d\udc4d\udb40\udc41"})
  void aLiteralIsItsText(String text, TestBed bed) throws SQLException {
    List<String> read = new ArrayList<>();
    try (Connection connection = bed.database().connect("test");
        Statement statement = connection.createStatement()) {
      for (String setting : List.of("on", "off")) {
        statement.execute("SET standard_conforming_strings = " + setting);
        try (ResultSet row = statement.executeQuery("SELECT " + SqlText.literal(text))) {
          row.next();
          read.add(row.getString(1));
        }
      }
    }
    assertThat(read).containsExactly(text, text);
  }

  private static AuditReport report(String reproduce) {
    Instant now = Instant.EPOCH;
    var finding =
        new Finding(
            FindingKind.WRONG_EXPOSURE,
            USER,
            TRANSACTION,
            null,
            0,
            7L,
            now,
            USER,
            USER,
            USER,
            reproduce);
    return new AuditReport(
        1, AuditReport.Mode.FULL, now, now, now, now, 1, 1, 1, 0, null, USER, 1, List.of(finding));
  }

  private static void assertSafe(String text) {
    assertThat(
            text.codePoints()
                .filter(codePoint -> codePoint != '\n' && ForeignText.isUnsafe(codePoint))
                .mapToObj(Character::getName)
                .collect(Collectors.toSet()))
        .isEmpty();
  }

  private static String summedOf(String json) {
    try {
      return JsonMapper.builder().build().readTree(json).at("/summation/userId").asText();
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new AssertionError(json, e);
    }
  }

  /** All that it prints. */
  private static String run(String... arguments) {
    var out = new StringWriter();
    CommandLine commandLine = Spendwatch.commandLine(Lab.commands());
    commandLine.setOut(new PrintWriter(out, true));
    commandLine.setErr(new PrintWriter(out, true));
    int _ = commandLine.execute(arguments);
    return out.toString();
  }
}
