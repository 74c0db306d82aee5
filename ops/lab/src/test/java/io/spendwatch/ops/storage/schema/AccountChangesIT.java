package io.spendwatch.ops.storage.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/**
 * What a listener hears when somebody writes to {@code accounts}, and what the history keeps of it.
 */
@ExtendWith(Servers.class)
class AccountChangesIT {
  private Connection connection;
  private Statement statement;

  @BeforeEach
  void listen(TestBed bed) throws SQLException {
    connection = bed.database().connect("test");
    statement = connection.createStatement();
    statement.execute("TRUNCATE spendwatch.accounts");
    statement.execute("TRUNCATE spendwatch.closed_accounts, spendwatch.account_versions");
    statement.execute("LISTEN spendwatch_accounts");
    statement.execute(
        "INSERT INTO spendwatch.accounts (user_id, username, currency, balance_minor)"
            + " SELECT 'u' || n, 'name', 'USD', 1000 FROM generate_series(1, 3) n");
    assertThat(heard()).containsExactly("[\"u1\",\"u2\",\"u3\"]");
  }

  @AfterEach
  void close() throws SQLException {
    connection.close();
  }

  @Test
  void namesOnlyTheUsersWhoseBalanceChanged() throws SQLException {
    statement.execute(
        "UPDATE spendwatch.accounts SET balance_minor = CASE user_id WHEN 'u2' THEN 5 ELSE balance_minor END");
    assertThat(heard()).containsExactly("[\"u2\"]");
    assertThat(versions()).containsExactly(1L, 2L, 1L);
  }

  @Test
  void anotherCurrencyIsAChange() throws SQLException {
    statement.execute("UPDATE spendwatch.accounts SET currency = 'EUR' WHERE user_id = 'u1'");
    assertThat(heard()).containsExactly("[\"u1\"]");
    assertThat(versions()).containsExactly(2L, 1L, 1L);
  }

  @Test
  void isSilentAboutWhatNothingDependsOn() throws SQLException {
    statement.execute(
        "UPDATE spendwatch.accounts SET username = 'other', updated_at = '2001-01-01'");
    statement.execute(
        "UPDATE spendwatch.accounts SET balance_minor = balance_minor, as_of = as_of");
    statement.execute("DELETE FROM spendwatch.accounts WHERE user_id = 'nobody'");
    assertThat(heard()).isEmpty();
    assertThat(versions()).containsExactly(1L, 1L, 1L);
  }

  @Test
  void noWriterCanSetTheVersionBack() throws SQLException {
    statement.execute("UPDATE spendwatch.accounts SET balance_minor = 7, balance_version = 0");
    statement.execute("UPDATE spendwatch.accounts SET balance_version = 0");
    assertThat(versions()).containsExactly(2L, 2L, 2L);
  }

  @Test
  void versionsNeverReturnWhenAnAccountDoes() throws SQLException {
    statement.execute("UPDATE spendwatch.accounts SET balance_minor = 7 WHERE user_id = 'u2'");
    statement.execute("DELETE FROM spendwatch.accounts WHERE user_id <> 'u3'");
    insertAll();
    assertThat(versions()).containsExactly(3L, 4L, 1L);
    statement.execute("TRUNCATE spendwatch.accounts");
    insertAll();
    assertThat(versions()).containsExactly(5L, 6L, 3L);
    statement.execute("UPDATE spendwatch.accounts SET user_id = 'u4' WHERE user_id = 'u2'");
    insertAll();
    statement.execute("DELETE FROM spendwatch.accounts WHERE user_id = 'u1'");
    statement.execute("UPDATE spendwatch.accounts SET user_id = 'u1' WHERE user_id = 'u3'");
    assertThat(
            text(
                "SELECT string_agg(user_id || balance_version, ' ' ORDER BY user_id) FROM spendwatch.accounts"))
        .isEqualTo("u17 u28 u41");
  }

  private void insertAll() throws SQLException {
    statement.execute(
        "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor)"
            + " SELECT 'u' || n, 'USD', 1000 FROM generate_series(1, 3) n ON CONFLICT DO NOTHING");
  }

  @Test
  void saysWhichBalanceWasTheLastOfAnAccountThatIsGone() throws SQLException {
    statement.execute("UPDATE spendwatch.accounts SET balance_minor = 7 WHERE user_id = 'u1'");
    statement.execute("DELETE FROM spendwatch.accounts WHERE user_id = 'u1'");
    statement.execute(
        "UPDATE spendwatch.accounts SET user_id = 'u9', balance_minor = 9 WHERE user_id = 'u2'");
    assertThat(history())
        .isEqualTo("u1.1=1000USD u1.2=7USD(gone) u2.1=1000USD(gone) u3.1=1000USD u9.1=9USD");
    statement.execute("TRUNCATE spendwatch.accounts");
    insertAll();
    assertThat(history())
        .isEqualTo(
            "u1.1=1000USD u1.2=7USD(gone) u1.4=1000USD u2.1=1000USD(gone) u2.3=1000USD"
                + " u3.1=1000USD(gone) u3.3=1000USD u9.1=9USD(gone)");
  }

  @Test
  void whoWritesAccountsNeedNotBeAllowedToWriteHistory() throws SQLException {
    statement.execute("SET ROLE spendwatch_oltp");
    statement.execute("UPDATE spendwatch.accounts SET balance_minor = 7 WHERE user_id = 'u1'");
    assertThatThrownBy(() -> statement.execute("DELETE FROM spendwatch.account_versions"))
        .hasMessageContaining("permission denied");
    statement.execute("RESET ROLE");
    assertThat(history()).isEqualTo("u1.1=1000USD u1.2=7USD u2.1=1000USD u3.1=1000USD");
  }

  @Test
  void ofWhatRollsBackNothingIsKept() throws SQLException {
    connection.setAutoCommit(false);
    statement.execute("UPDATE spendwatch.accounts SET balance_minor = 7");
    connection.rollback();
    connection.setAutoCommit(true);
    assertThat(history()).isEqualTo("u1.1=1000USD u2.1=1000USD u3.1=1000USD");
  }

  private String history() throws SQLException {
    return text(
        "SELECT string_agg(user_id || '.' || balance_version || '=' || balance_minor || currency"
            + " || CASE WHEN closed_at IS NULL THEN '' ELSE '(gone)' END, ' ' ORDER BY user_id, balance_version)"
            + " FROM spendwatch.account_versions");
  }

  @Test
  void anUpsertNamesWhatItInsertedAndWhatItChanged() throws SQLException {
    statement.execute(
        "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor)"
            + " VALUES ('u1', 'USD', 1000), ('u2', 'USD', 9), ('u4', 'USD', 1)"
            + " ON CONFLICT (user_id) DO UPDATE SET balance_minor = excluded.balance_minor");
    assertThat(heard()).containsExactlyInAnyOrder("[\"u4\"]", "[\"u2\"]");
  }

  @Test
  void aRenamedUserIsAChangeForBothNames() throws SQLException {
    statement.execute("UPDATE spendwatch.accounts SET user_id = 'u9' WHERE user_id = 'u1'");
    assertThat(heard()).containsExactly("[\"u1\",\"u9\"]");
  }

  @Test
  void aDeletedAccountIsAChange() throws SQLException {
    statement.execute("DELETE FROM spendwatch.accounts WHERE user_id <> 'u2'");
    assertThat(heard()).containsExactly("[\"u1\",\"u3\"]");
    statement.execute("TRUNCATE spendwatch.accounts");
    assertThat(heard()).containsExactly("*");
  }

  @Test
  void saysAnyOfThemWhenTheNamesDoNotFit() throws SQLException {
    statement.execute(
        "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor)"
            + " SELECT 'many' || n, 'USD', 1 FROM generate_series(1, 100000) n");
    assertThat(heard()).containsExactly("*");
    // 64 characters of four bytes each: 29 of them fill a payload.
    statement.execute(
        "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor)"
            + " SELECT repeat('😀', 62) || n, 'USD', 1 FROM generate_series(10, 40) n");
    assertThat(heard()).containsExactly("*");
    statement.execute(
        "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor)"
            + " SELECT repeat('😀', 62) || n, 'USD', 1 FROM generate_series(50, 75) n");
    assertThat(heard()).singleElement().asString().startsWith("[\"😀").endsWith("75\"]");
  }

  @Test
  void quotesIdsAsJsonDoes() throws SQLException {
    statement.execute(
        "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor) VALUES ('a\"b\\c,d', 'USD', 1)");
    assertThat(heard()).containsExactly("[\"a\\\"b\\\\c,d\"]");
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

  private List<Long> versions() throws SQLException {
    try (ResultSet rows =
        statement.executeQuery(
            "SELECT balance_version FROM spendwatch.accounts WHERE user_id LIKE 'u_' ORDER BY user_id")) {
      var versions = Stream.<Long>builder();
      while (rows.next()) {
        versions.add(rows.getLong(1));
      }
      return versions.build().toList();
    }
  }
}
