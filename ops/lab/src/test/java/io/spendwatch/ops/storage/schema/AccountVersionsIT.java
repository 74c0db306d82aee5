package io.spendwatch.ops.storage.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/** Balances as events in time: which version is in force when, whoever writes it and whenever. */
@ExtendWith(Servers.class)
class AccountVersionsIT {
  private Connection connection;
  private Statement statement;

  @BeforeEach
  void listen(TestBed bed) throws SQLException {
    connection = bed.database().connect("test");
    statement = connection.createStatement();
    statement.execute("TRUNCATE spendwatch.accounts");
    statement.execute("TRUNCATE spendwatch.closed_accounts, spendwatch.account_versions");
    statement.execute("LISTEN spendwatch_accounts");
  }

  @AfterEach
  void close() throws SQLException {
    connection.close();
  }

  @Test
  void keepsEveryVersionInTheOrderInWhichTheyAreInForce() throws SQLException {
    apply(version("v", 100, "USD", "12:00"));
    assertThat(heard()).containsExactly("[\"v\"]");
    apply(version("v", 50, "USD", "11:00"), version("v", 60, "USD", "12:00"));
    assertThat(heard()).hasSize(2).containsOnly("[\"v\"]");
    apply(version("v", 60, "EUR", "12:30"));
    // The later of equal ones is in force; one that comes late leaves the newest as it is.
    assertThat(timeline("v")).isEqualTo("2=50USD@11:00 1=100USD@12:00 3=60USD@12:00 4=60EUR@12:30");
    assertThat(newest("v")).isEqualTo("4=60EUR@12:30 of 4");
    apply(version("v", 70, "EUR", "10:00"));
    assertThat(newest("v")).isEqualTo("4=60EUR@12:30 of 5");
    apply(version("v", 70, "EUR", "13:00"));
    assertThat(newest("v")).isEqualTo("6=70EUR@13:00 of 6");
  }

  @Test
  void aVersionThatIsKnownChangesNothing() throws SQLException {
    apply(version("v", 100, "USD", "12:00"), version("v", 50, "USD", "11:00"));
    apply(version("v", 60, "USD", "12:00"));
    String before = timeline("v");
    assertThat(before).isEqualTo("2=50USD@11:00 1=100USD@12:00 3=60USD@12:00");
    var _ = heard();
    apply(version("v", 60, "USD", "12:00"));
    apply(version("v", 50, "USD", "11:00"), version("v", 100, "USD", "12:00"));
    statement.execute(
        "UPDATE spendwatch.accounts SET balance_minor = 50, as_of = '2024-01-01T11:00Z' WHERE user_id = 'v'");
    assertThat(heard()).isEmpty();
    assertThat(timeline("v")).isEqualTo(before);
    assertThat(newest("v")).isEqualTo("3=60USD@12:00 of 3");
    // But for the name.
    statement.execute(
        "UPDATE spendwatch.accounts SET username = 'n', balance_minor = 50, as_of = '2024-01-01T11:00Z'"
            + " WHERE user_id = 'v'");
    assertThat(newest("v")).isEqualTo("3=60USD@12:00 of 3");
    assertThat(text("SELECT username FROM spendwatch.accounts WHERE user_id = 'v'")).isEqualTo("n");
    assertThat(heard()).isEmpty();
  }

  @Test
  void severalVersionsOfAUserComeInTheirOrder() throws SQLException {
    // Rounds of one call: up to where no user comes twice.
    statement.execute(
        "SELECT spendwatch.apply_balances('{2,4,5}', '{v,w,v,w,v}', '{a,b,NULL,NULL,c}', '{USD,USD,USD,EUR,USD}',"
            + " '{1,2,3,4,5}', '{2024-01-01T12:00Z,2024-01-01T12:00Z,2024-01-01T13:00Z,2024-01-01T12:00Z,2024-01-01T11:00Z}')");
    assertThat(timeline("v")).isEqualTo("3=5USD@11:00 1=1USD@12:00 2=3USD@13:00");
    assertThat(timeline("w")).isEqualTo("1=2USD@12:00 2=4EUR@12:00");
    assertThat(
            text(
                "SELECT string_agg(username, ' ' ORDER BY user_id) FROM spendwatch.accounts WHERE user_id IN ('v', 'w')"))
        .isEqualTo("c b");
    assertThat(heard()).containsExactly("[\"v\",\"w\"]", "[\"v\"]");
  }

  @Test
  void whoGivesNoAsOfMeansNow() throws SQLException {
    apply(version("v", 100, "USD", "12:00"));
    connection.setAutoCommit(false);
    statement.execute("UPDATE spendwatch.accounts SET balance_minor = 5 WHERE user_id = 'v'");
    statement.execute("UPDATE spendwatch.accounts SET balance_minor = 100 WHERE user_id = 'v'");
    statement.execute("DELETE FROM spendwatch.accounts WHERE user_id = 'v'");
    statement.execute(
        "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor) VALUES ('v', 'USD', 7)");
    connection.commit();
    connection.setAutoCommit(true);
    assertThat(newest("v")).startsWith("5=7USD@").endsWith(" of 5");
    assertThat(
            text(
                "SELECT string_agg(balance_version::text, ' ' ORDER BY as_of, balance_version) || ' '"
                    + " || bool_and(as_of <= clock_timestamp() AND recorded_at - as_of < interval '1 min' OR balance_version = 1)"
                    + " FROM spendwatch.account_versions WHERE user_id = 'v'"))
        .isEqualTo("1 2 3 5 true");
  }

  @Test
  void aChangeOfNowComesAfterANewestOneOfTheFuture() throws SQLException {
    statement.execute(
        "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor, as_of) VALUES ('v', 'USD', 1, '2094-01-01T12:00Z')");
    statement.execute("UPDATE spendwatch.accounts SET balance_minor = 2 WHERE user_id = 'v'");
    assertThat(timeline("v")).isEqualTo("1=1USD@12:00 2=2USD@12:00");
    assertThat(newest("v")).isEqualTo("2=2USD@12:00 of 2");
  }

  @Test
  void theSameBalanceAsOfAnotherInstantIsAVersion() throws SQLException {
    apply(version("v", 100, "USD", "12:00"));
    statement.execute(
        "UPDATE spendwatch.accounts SET as_of = '2024-01-01T13:00Z' WHERE user_id = 'v'");
    statement.execute(
        "UPDATE spendwatch.accounts SET as_of = '2024-01-01T11:00Z' WHERE user_id = 'v'");
    assertThat(timeline("v")).isEqualTo("3=100USD@11:00 1=100USD@12:00 2=100USD@13:00");
    assertThat(newest("v")).isEqualTo("2=100USD@13:00 of 3");
    assertThat(heard()).hasSize(3).containsOnly("[\"v\"]");
  }

  @Test
  void cutsInstantsToMilliseconds() throws SQLException {
    statement.execute(
        "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor, as_of)"
            + " VALUES ('v', 'USD', 1, '2024-01-01T12:00:00.0009Z')");
    apply(version("v", 1, "USD", "12:00"));
    statement.execute(
        "UPDATE spendwatch.accounts SET balance_minor = 2, as_of = '2024-01-01T13:00:00.9999Z' WHERE user_id = 'v'");
    statement.execute("UPDATE spendwatch.accounts SET balance_minor = 3 WHERE user_id = 'v'");
    statement.execute("DELETE FROM spendwatch.accounts WHERE user_id = 'v'");
    assertThat(timeline("v")).startsWith("1=1USD@12:00 2=2USD@13:00 3=3USD@");
    assertThat(
            text(
                "SELECT bool_and(as_of = date_trunc('milliseconds', as_of)) AND bool_and(closed_at IS NULL OR"
                    + " closed_at = date_trunc('milliseconds', closed_at)) FROM spendwatch.account_versions"))
        .isEqualTo("t");
  }

  @Test
  void whoMakesAnAccountAnewAsOfBeforeItWentTakesThatBack() throws SQLException {
    apply(version("v", 100, "USD", "12:00"));
    statement.execute("DELETE FROM spendwatch.accounts WHERE user_id = 'v'");
    assertThat(timeline("v")).isEqualTo("1=100USD@12:00(gone)");
    statement.execute(
        "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor, as_of) VALUES ('v', 'USD', 5, '2094-01-01T13:00Z')");
    assertThat(timeline("v")).isEqualTo("1=100USD@12:00(gone) 3=5USD@13:00");
    statement.execute("DELETE FROM spendwatch.accounts WHERE user_id = 'v'");
    apply(version("v", 6, "USD", "12:30"));
    // What was to come is to come again.
    assertThat(timeline("v")).isEqualTo("1=100USD@12:00 5=6USD@12:30 3=5USD@13:00");
    assertThat(newest("v")).isEqualTo("3=5USD@13:00 of 5");
    statement.execute("UPDATE spendwatch.accounts SET balance_minor = 8 WHERE user_id = 'v'");
    assertThat(newest("v")).isEqualTo("6=8USD@13:00 of 6");
  }

  @Test
  void aRenamedAccountEndsOneAndBeginsAnother() throws SQLException {
    apply(version("v", 100, "USD", "12:00"), version("v", 50, "USD", "11:00"));
    statement.execute(
        "UPDATE spendwatch.accounts SET user_id = 'w', balance_minor = 9 WHERE user_id = 'v'");
    assertThat(timeline("v")).isEqualTo("2=50USD@11:00 1=100USD@12:00(gone)");
    assertThat(timeline("w")).startsWith("1=9USD@");
    assertThat(newest("w")).startsWith("1=9USD@").endsWith(" of 1");
    statement.execute("UPDATE spendwatch.accounts SET user_id = 'v' WHERE user_id = 'w'");
    assertThat(newest("v")).startsWith("4=9USD@").endsWith(" of 4");
    assertThat(timeline("w")).endsWith("(gone)");
  }

  @Test
  void writersAtOnceLoseNoVersionAndLeaveNoGap(TestBed bed) throws Exception {
    int writers = 4;
    int each = 25;
    List<Callable<Void>> calls = new ArrayList<>();
    for (int writer = 0; writer < writers; writer++) {
      int own = writer;
      calls.add(
          () -> {
            try (Connection mine = bed.database().connect("test");
                Statement writing = mine.createStatement()) {
              for (int i = 0; i < each; i++) {
                // All instants are one writer's own; those of the odd ones come late.
                int at = own % 2 == 0 ? i * writers + own : 1000 - i * writers - own;
                writing.execute(
                    ("SELECT spendwatch.apply_balances('{1}', '{v}', '{v}', '{USD}', '{%d}',"
                            + " ARRAY['2024-01-01T00:00Z'::timestamptz + %d * interval '1 s'])")
                        .formatted(own * 1000 + i, at));
              }
              return null;
            }
          });
    }
    try (ExecutorService pool = Executors.newFixedThreadPool(writers)) {
      for (Future<Void> done : pool.invokeAll(calls)) {
        done.get(60, TimeUnit.SECONDS);
      }
    }
    assertThat(
            text(
                "SELECT count(*) || ' ' || min(balance_version) || ' ' || max(balance_version) || ' ' || count(DISTINCT balance_version)"
                    + " || ' ' || count(DISTINCT balance_minor) FROM spendwatch.account_versions WHERE user_id = 'v'"))
        .isEqualTo("100 1 100 100 100");
    assertThat(
            text(
                "SELECT last_version = 100 AND (balance_version, balance_minor, as_of) = (SELECT balance_version, balance_minor, as_of"
                    + " FROM spendwatch.account_versions WHERE user_id = 'v' ORDER BY as_of DESC, balance_version DESC LIMIT 1)"
                    + " FROM spendwatch.accounts WHERE user_id = 'v'"))
        .isEqualTo("t");
  }

  @Test
  void anAccountThatGoesWhileItIsInsertedIsInsertedAnewOrNotAtAll(TestBed bed) throws Exception {
    try (Connection deleting = bed.database().connect("test");
        Connection inserting = bed.database().connect("test-of-the-insert");
        Statement delete = deleting.createStatement();
        Statement insert = inserting.createStatement();
        ExecutorService pool = Executors.newSingleThreadExecutor()) {
      apply(version("u1", 1, "USD", "12:00"));
      deleting.setAutoCommit(false);
      delete.execute("DELETE FROM spendwatch.accounts WHERE user_id = 'u1'");
      String sql =
          "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor) VALUES ('u1', 'USD', 7)";
      Future<Boolean> waiting = pool.submit(() -> insert.execute(sql));
      await()
          .atMost(Duration.ofSeconds(20))
          .until(
              () ->
                  text("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'test-of-the-insert'"
                          + " AND wait_event_type = 'Lock'")
                      .equals("1"));
      deleting.commit();
      assertThatThrownBy(() -> waiting.get(20, TimeUnit.SECONDS)).hasMessageContaining("has gone");
      insert.execute(sql);
    }
    assertThat(newest("u1")).startsWith("3=7USD@");
  }

  private record Version(String userId, long balanceMinor, String currency, String asOf) {}

  /** As of that time of 1 January 2024. */
  private static Version version(String userId, long balanceMinor, String currency, String asOf) {
    return new Version(userId, balanceMinor, currency, "2024-01-01T" + asOf + "Z");
  }

  /** As records of the topic, one by one. */
  private void apply(Version... versions) throws SQLException {
    for (Version version : versions) {
      statement.execute(
          "SELECT spendwatch.apply_balances('{1}', '{%s}', '{NULL}', '{%s}', '{%d}', '{%s}')"
              .formatted(
                  version.userId(), version.currency(), version.balanceMinor(), version.asOf()));
    }
  }

  private String timeline(String userId) throws SQLException {
    return text(
        "SELECT string_agg(balance_version || '=' || balance_minor || currency || to_char(as_of AT TIME ZONE 'UTC', '@HH24:MI')"
            + " || CASE WHEN closed_at IS NULL THEN '' ELSE '(gone)' END, ' ' ORDER BY as_of, balance_version)"
            + " FROM spendwatch.account_versions WHERE user_id = '%s'".formatted(userId));
  }

  private String newest(String userId) throws SQLException {
    return text(
        "SELECT balance_version || '=' || balance_minor || currency || to_char(as_of AT TIME ZONE 'UTC', '@HH24:MI') || ' of '"
            + " || last_version FROM spendwatch.accounts WHERE user_id = '%s'".formatted(userId));
  }

  private List<String> heard() throws SQLException {
    // The answer to a statement of the listening session comes after its notifications.
    statement.execute("SELECT 1");
    PGNotification[] notifications = connection.unwrap(PGConnection.class).getNotifications();
    return notifications == null
        ? List.of()
        : Stream.of(notifications).map(PGNotification::getParameter).toList();
  }

  private String text(String sql) throws SQLException {
    try (ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    }
  }
}
