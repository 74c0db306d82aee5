package io.spendwatch.ops.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.audit.AuditReport.Mode;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.ops.testing.TestDatabase;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every kind of error, planted into what a node has decided, is found, and nothing else, while it
 * decides about more.
 */
@ExtendWith(Servers.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AuditPlantsIT {
  /** Of each sort, so many are tried: an audit of all for each. */
  private static final int CANDIDATES = 2;

  /** A row with nothing of its user within a day before or after it, and no alert of its user. */
  private static final String LONELY =
      """
      (SELECT user_id, transaction_id FROM spendwatch.transactions lone WHERE verdict = 'CLEAR'
          AND user_id NOT IN (SELECT user_id FROM spendwatch.alerts)
          AND NOT EXISTS (SELECT FROM spendwatch.transactions other WHERE other.user_id = lone.user_id
                AND other.transaction_id <> lone.transaction_id
                AND other.event_time BETWEEN lone.event_time - interval '25 h' AND lone.event_time + interval '25 h')
        ORDER BY user_id, transaction_id LIMIT 1)
      """;

  private AuditedNode node;
  private TestDatabase tables;

  @BeforeAll
  void start(TestBed bed, @TempDir Path directory) throws Exception {
    node = AuditedNode.start(bed);
    tables = node.tables();
    // As much as has every kind of row and alert twice, in each order in which they may have come.
    node.decideHistory(directory, 60, 5000);
    // By now it takes more than one share, so that what either session finds has to arrive.
    tables.execute("ANALYZE spendwatch.transactions");
    assertThat(tables.number("SELECT count(*) FROM spendwatch.transactions"))
        .isGreaterThan(node.configuration().audit().rowsAtOnce());
    node.beginTraffic();
  }

  @AfterAll
  void end() throws Exception {
    node.end();
  }

  static Stream<Arguments> plants() {
    String raised =
        "(SELECT min(alert_id) FROM spendwatch.alerts WHERE type = 'RAISED' AND NOT late AND user_id LIKE 'u%')";
    String lateRaised =
        "(SELECT min(alert_id) FROM spendwatch.alerts AS a WHERE type = 'RAISED' AND late AND user_id LIKE 'u%'"
            + " AND EXISTS (SELECT FROM spendwatch.alerts b WHERE b.episode_id = a.episode_id AND b.type = 'CLEARED'))";
    String cleared =
        "(SELECT min(alert_id) FROM spendwatch.alerts WHERE type = 'CLEARED' AND cause = '%s' AND NOT late"
            + " AND user_id LIKE 'u%%')";
    String extra =
        """
        INSERT INTO spendwatch.alerts
        SELECT 'planted', type, rule, 'planted', user_id, transaction_id, exposure_minor, balance_minor, currency, transactions,
               window_start, event_time, detected_at, late, cause, kafka_topic, kafka_partition, kafka_offset,
               (SELECT max(partition_seq) + 1 FROM spendwatch.alerts b WHERE b.kafka_partition = a.kafka_partition) + 1000
          FROM spendwatch.alerts a WHERE alert_id = %s
        """;
    return Stream.of(
        plant(
            FindingKind.WRONG_EXPOSURE,
            "UPDATE spendwatch.transactions SET exposure_minor = exposure_minor + 1 WHERE (user_id, transaction_id) = "
                + LONELY),
        plant(
            FindingKind.WRONG_VERDICT,
            "UPDATE spendwatch.transactions SET verdict = 'BREACH' WHERE (user_id, transaction_id) = "
                + LONELY),
        plant(
            FindingKind.WRONG_VERDICT,
            "UPDATE spendwatch.transactions SET verdict = 'CLEAR' WHERE (user_id, transaction_id) ="
                + " (SELECT user_id, transaction_id FROM spendwatch.transactions WHERE verdict = 'TOO_LATE'"
                + " ORDER BY user_id, transaction_id LIMIT 1)"),
        plant(
            FindingKind.WRONG_BALANCE,
            "UPDATE spendwatch.transactions SET balance_minor = balance_minor + 1 WHERE (user_id, transaction_id) = "
                + LONELY),
        plant(
            FindingKind.MISSING_ALERT, "DELETE FROM spendwatch.alerts WHERE alert_id = " + raised),
        plant(
            FindingKind.MISSING_ALERT,
            "DELETE FROM spendwatch.alerts WHERE alert_id = " + lateRaised),
        plant(
            FindingKind.MISSING_CLEARED,
            "DELETE FROM spendwatch.alerts WHERE alert_id = " + cleared.formatted("EXPIRY")),
        plant(
            FindingKind.MISSING_CLEARED,
            "DELETE FROM spendwatch.alerts WHERE alert_id = " + cleared.formatted("REFUND")),
        plant(FindingKind.EXTRA_ALERT, extra.formatted(raised)),
        plant(FindingKind.EXTRA_ALERT, extra.formatted(lateRaised)),
        plant(FindingKind.EXTRA_ALERT, extra.formatted(cleared.formatted("EXPIRY"))),
        plant(
            FindingKind.WRONG_ALERT,
            "UPDATE spendwatch.alerts SET exposure_minor = exposure_minor + 1 WHERE alert_id = "
                + raised),
        plant(
            FindingKind.WRONG_ALERT,
            "UPDATE spendwatch.alerts SET balance_minor = balance_minor - 1 WHERE alert_id = "
                + raised),
        plant(
            FindingKind.OFFSET_GAP,
            "DELETE FROM spendwatch.transactions WHERE (user_id, transaction_id) = " + LONELY),
        plant(
            FindingKind.ROW_WITHOUT_RECORD,
            """
            INSERT INTO spendwatch.transactions
            SELECT 'nobody', event_time, 'planted', kind, amount_minor, currency, merchant, original_transaction_id, exposure_minor,
                   balance_minor, balance_version, verdict, kafka_partition, 1000000000000, ingested_at
              FROM spendwatch.transactions WHERE (user_id, transaction_id) =
            """
                + LONELY));
  }

  private static Arguments plant(FindingKind kind, String sql) {
    return Arguments.of(kind, sql);
  }

  @ParameterizedTest
  @MethodSource("plants")
  void findsWhatIsPlantedAndNothingElse(FindingKind kind, String sql) {
    try (RowsBefore _ = new RowsBefore(tables, "user_id NOT LIKE 'live%'")) {
      tables.execute(sql);
      AuditReport report = node.audit(Mode.FULL, new NobodysWindows());
      Finding finding = onlyDecision(report);
      assertThat(finding.kind()).isEqualTo(kind);
      assertThat(report.usersAwake()).isNull();
      assertThat(finding.expected()).isNotEqualTo(finding.actual());
      // What it is shown by can be run as it stands.
      assertThat(tables.column(finding.reproduce())).isNotNull();
      assertThat(report.text()).contains(kind.name(), finding.reproduce());
      if (sql.contains("UPDATE spendwatch.transactions")) {
        // By the shorter way to who is plainly right, too: all is new here.
        tables.execute("DELETE FROM spendwatch.reconciliation_positions");
        assertThat(node.audit(Mode.INCREMENTAL, new NobodysWindows()).findings())
            .singleElement()
            .extracting(Finding::kind)
            .isEqualTo(kind);
      }
    }
  }

  /** What else is found are the roll-ups of the row that was changed. */
  private static Finding onlyDecision(AuditReport report) {
    List<Finding> decisions = Decisions.of(report.findings());
    assertThat(decisions).hasSize(1);
    return decisions.getFirst();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          WRONG_HOURLY_SPEND  | UPDATE spendwatch.hourly_spend SET breaches = breaches + 1 WHERE hour = (SELECT min(hour) FROM spendwatch.hourly_spend) | UPDATE spendwatch.hourly_spend SET breaches = breaches - 1 WHERE hour = (SELECT min(hour) FROM spendwatch.hourly_spend)
          WRONG_HOURLY_SPEND  | INSERT INTO spendwatch.hourly_spend VALUES ('2001-01-01Z', 'planted', 'USD', 1, 1, 0, 0) | DELETE FROM spendwatch.hourly_spend WHERE merchant = 'planted'
          WRONG_DAILY_SPEND   | UPDATE spendwatch.daily_spend SET breaches = breaches + 1 WHERE day = (SELECT min(day) FROM spendwatch.daily_spend) | UPDATE spendwatch.daily_spend SET breaches = breaches - 1 WHERE day = (SELECT min(day) FROM spendwatch.daily_spend)
          WRONG_DAILY_SPEND   | INSERT INTO spendwatch.daily_spend VALUES ('2001-01-01', 'planted', 'USD', 1, 1, 0, 0) | DELETE FROM spendwatch.daily_spend WHERE merchant = 'planted'
          WRONG_MINUTE_SALES  | UPDATE spendwatch.minute_sales SET refunds = refunds + 1 WHERE minute = (SELECT min(minute) FROM spendwatch.minute_sales) | UPDATE spendwatch.minute_sales SET refunds = refunds - 1 WHERE minute = (SELECT min(minute) FROM spendwatch.minute_sales)
          WRONG_DAILY_USERS   | UPDATE spendwatch.daily_users SET excess_max_minor = excess_max_minor + 1 WHERE user_id = 'u1' AND day = (SELECT min(day) FROM spendwatch.daily_users WHERE user_id = 'u1') | UPDATE spendwatch.daily_users SET excess_max_minor = excess_max_minor - 1 WHERE user_id = 'u1' AND day = (SELECT min(day) FROM spendwatch.daily_users WHERE user_id = 'u1')
          WRONG_MONTHLY_USERS | UPDATE spendwatch.monthly_users SET excess_max_minor = excess_max_minor + 1 WHERE user_id = 'u1' AND month = (SELECT min(month) FROM spendwatch.monthly_users WHERE user_id = 'u1') | UPDATE spendwatch.monthly_users SET excess_max_minor = excess_max_minor - 1 WHERE user_id = 'u1' AND month = (SELECT min(month) FROM spendwatch.monthly_users WHERE user_id = 'u1')
          WRONG_MONTHLY_USERS | UPDATE spendwatch.monthly_users SET last_day = last_day + 1 WHERE user_id = 'u1' | UPDATE spendwatch.monthly_users SET last_day = last_day - 1 WHERE user_id = 'u1'
          WRONG_MONTHLY_USERS | INSERT INTO spendwatch.monthly_users VALUES ('2001-01-01', 'planted', 'USD', 1, 1, 0, 1, 0, '2001-01-01', '2001-01-01') | DELETE FROM spendwatch.monthly_users WHERE user_id = 'planted'
          WRONG_DAILY_HABITS  | UPDATE spendwatch.daily_habits SET hours = hours # 1 WHERE user_id = 'u1' AND day = (SELECT min(day) FROM spendwatch.daily_habits WHERE user_id = 'u1') | UPDATE spendwatch.daily_habits SET hours = hours # 1 WHERE user_id = 'u1' AND day = (SELECT min(day) FROM spendwatch.daily_habits WHERE user_id = 'u1')
          WRONG_HOURLY_ALERTS | INSERT INTO spendwatch.hourly_alerts VALUES ('2001-01-01Z', 'RAISED', false, 1) | DELETE FROM spendwatch.hourly_alerts WHERE hour = '2001-01-01Z'
          WRONG_USER_RISK     | UPDATE spendwatch.user_risk SET exposure_minor = exposure_minor + 1 WHERE user_id = 'u1' | UPDATE spendwatch.user_risk SET exposure_minor = exposure_minor - 1 WHERE user_id = 'u1'
          WRONG_USER_RISK     | UPDATE spendwatch.user_risk SET max_1h_minor = max_1h_minor + 1 WHERE user_id = 'u1' | UPDATE spendwatch.user_risk SET max_1h_minor = max_1h_minor - 1 WHERE user_id = 'u1'
          WRONG_USER_FEATURES | INSERT INTO spendwatch.user_features SELECT 'planted', 'USD', max(as_of), now(), 1, 1, 1, 1, 0, '{1}', 0, '{}' FROM spendwatch.user_features_versions WHERE next_user IS NULL | DELETE FROM spendwatch.user_features WHERE user_id = 'planted'
          CHANGED_RUN         | SET session_replication_role = replica; UPDATE spendwatch.reconciliation_runs SET findings = findings + 1 WHERE place = (SELECT min(place) FROM spendwatch.reconciliation_runs WHERE findings IS NOT NULL); RESET session_replication_role | SET session_replication_role = replica; UPDATE spendwatch.reconciliation_runs SET findings = findings - 1 WHERE place = (SELECT min(place) FROM spendwatch.reconciliation_runs WHERE findings IS NOT NULL); RESET session_replication_role
          CHANGED_RUN         | SET session_replication_role = replica; UPDATE spendwatch.reconciliation_runs SET place = -1 WHERE place = 1; RESET session_replication_role | SET session_replication_role = replica; UPDATE spendwatch.reconciliation_runs SET place = 1 WHERE place = -1; RESET session_replication_role
          """)
  void findsWhatIsWrongInARollupAndNothingElse(FindingKind kind, String plant, String undo) {
    tables.execute(plant);
    try {
      AuditReport report = node.audit(Mode.FULL, new NobodysWindows());
      assertThat(report.findings()).isNotEmpty().allMatch(found -> found.kind() == kind);
      Finding finding = report.findings().getFirst();
      assertThat(finding.expected()).isNotEqualTo(finding.actual());
      assertThat(tables.column(finding.reproduce())).isNotNull();
    } finally {
      tables.execute(undo);
    }
  }

  /**
   * Wherever it is among its user's: one error is one finding, although what is open afterwards is
   * not what was announced.
   */
  @ParameterizedTest
  @CsvSource({"RAISED, false", "RAISED, true", "CLEARED, false", "CLEARED, true"})
  void oneAlertTooManyIsOneFinding(String type, boolean late) {
    String from =
        " FROM spendwatch.alerts AS a WHERE user_id LIKE 'u%' AND type = '"
            + type
            + "' AND late = "
            + late;
    long all = tables.number("SELECT count(*)" + from);
    assertThat(all).isGreaterThanOrEqualTo(CANDIDATES);
    for (int i = 0; i < CANDIDATES; i++) {
      tables.execute(
          "INSERT INTO spendwatch.alerts SELECT 'planted', type, rule, 'planted', user_id, transaction_id, exposure_minor,"
              + " balance_minor, currency, transactions, window_start, event_time, detected_at, late, cause, kafka_topic,"
              + " kafka_partition, kafka_offset, partition_seq + 1000000"
              + from
              + " ORDER BY user_id, event_time, kafka_partition, kafka_offset, partition_seq LIMIT 1 OFFSET "
              + i * all / CANDIDATES);
      try {
        assertThat(List.of(onlyDecision(node.audit(Mode.FULL, new NobodysWindows()))))
            .as("number %d of %d", i * all / CANDIDATES, all)
            .singleElement()
            .satisfies(
                finding -> {
                  assertThat(finding.kind()).isEqualTo(FindingKind.EXTRA_ALERT);
                  assertThat(finding.alertId()).isEqualTo("planted");
                });
      } finally {
        tables.execute("DELETE FROM spendwatch.alerts WHERE alert_id = 'planted'");
      }
    }
  }
}
