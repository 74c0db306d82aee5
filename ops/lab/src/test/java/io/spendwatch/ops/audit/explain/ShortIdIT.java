package io.spendwatch.ops.audit.explain;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.Spendwatch;
import io.spendwatch.ops.lab.cli.Lab;
import io.spendwatch.ops.testing.NodeSettings;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** From a line of {@code alerts} to its explanation. */
@ExtendWith(Servers.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ShortIdIT {
  private static final String FIRST = "ecbe6a07-be35-82fc-89c4-60aabe338a57";
  private static final String SECOND = "ecbe6a07-be36-82fc-89c4-60aabe338a57";

  private NodeSettings settings;

  @BeforeAll
  void insert(TestBed bed) throws SQLException {
    settings = NodeSettings.of(bed);
    try (Connection connection = bed.database().connect("test");
        Statement statement = connection.createStatement()) {
      statement.execute("SELECT spendwatch.ensure_partitions(ARRAY['2024-07-12'::timestamptz])");
      statement.execute(
          """
          INSERT INTO spendwatch.transactions (user_id, event_time, transaction_id, kind, amount_minor, currency,
                 exposure_minor, balance_minor, balance_version, verdict, kafka_partition, kafka_offset, ingested_at)
          VALUES ('u1', '2024-07-12T00:00:00Z', 't1', 'PURCHASE', 4200, 'USD', 4200, 4100, 1, 'BREACH', 0, 7, now()),
                 ('u2', '2024-07-12T00:00:00Z', 'ecbe', 'PURCHASE', 1, 'USD', 1, 4100, 1, 'CLEAR', 0, 8, now())
          """);
      for (String id : new String[] {FIRST, SECOND}) {
        statement.execute(
            String.format(
                """
                INSERT INTO spendwatch.alerts (alert_id, type, rule, episode_id, user_id, transaction_id,
                       exposure_minor, balance_minor, currency, transactions, window_start, event_time, detected_at, late,
                       kafka_topic, kafka_partition, kafka_offset, partition_seq)
                VALUES ('%s', 'RAISED', 'exposure-24h', 'e', 'u1', 't1', 4200, 4100, 'USD', 1, '2024-07-11T00:00:00Z',
                        '2024-07-12T00:00:00Z', now(), false, 'transactions', 0, 7, %d)
                """,
                id, id.equals(FIRST) ? 1 : 2));
      }
    }
  }

  @AfterAll
  void forget() {
    settings.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {FIRST, "ecbe6a07-be35-82fc", "ecbe6a07-be35"})
  void theBeginningOfAnIdIsEnough(String id) {
    assertThat(explain(id)).startsWith("0 User u1 spent 42.00 USD").contains(FIRST);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ecbe6a07-be3", "ecbe6a07", "ecbe6a"})
  void severalAreNamed(String id) {
    assertThat(explain(id))
        .startsWith("2 spendwatch explain: several alerts have an id that begins with " + id)
        .contains(FIRST + " (RAISED, user u1, 2024-07-12", SECOND)
        .hasLineCount(1);
  }

  @Test
  void aTransactionOfThatIdComesBeforeAShortBeginning() {
    assertThat(explain("ecbe")).startsWith("0 ").contains("u2");
    assertThat(explain("ecbe6a07-be35", "--user", "u1"))
        .startsWith("2 spendwatch explain: no alert and no transaction of user u1");
    assertThat(explain("ffff0000")).startsWith("2 spendwatch explain: no alert and no transaction");
  }

  /** The status, and all that it prints. */
  private static String explain(String... arguments) {
    var said = new StringWriter();
    CommandLine commandLine = Spendwatch.commandLine(Lab.commands());
    commandLine.setOut(new PrintWriter(said, true));
    commandLine.setErr(new PrintWriter(said, true));
    String[] all = new String[arguments.length + 1];
    all[0] = "explain";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    int status = commandLine.execute(all);
    return status + " " + said;
  }
}
