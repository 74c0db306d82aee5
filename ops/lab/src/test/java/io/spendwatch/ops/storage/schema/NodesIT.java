package io.spendwatch.ops.storage.schema;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the database keeps for the cluster. */
@ExtendWith(Servers.class)
class NodesIT {
  private Connection connection;
  private Statement statement;

  @BeforeEach
  void connect(TestBed bed) throws SQLException {
    connection = bed.database().connect("test");
    statement = connection.createStatement();
    statement.execute(
        "TRUNCATE spendwatch.nodes, spendwatch.cluster_leases, spendwatch.cluster_exclusions");
  }

  @AfterEach
  void close() throws SQLException {
    connection.close();
  }

  @Test
  void aLaterLifeOfANodeTakesItsEntryAndAnEarlierOneDoesNotGetItBack() throws SQLException {
    register("n1", "first", "12:00:00");
    register("n1", "second", "12:00:05");
    register("n1", "first", "12:00:00");
    assertThat(addresses()).containsExactly("second");
  }

  @Test
  void whoHasNotRenewedItsEntryForTheExpiryIsForgotten() throws SQLException {
    register("n1", "silent", "12:00:00");
    register("n2", "late", "12:00:00");
    statement.execute(
        "UPDATE spendwatch.nodes SET renewed_at = now() - interval '11 s' WHERE node_id = 'n1'");
    statement.execute(
        "UPDATE spendwatch.nodes SET renewed_at = now() - interval '9 s' WHERE node_id = 'n2'");
    register("n3", "new", "12:00:00");
    assertThat(addresses()).containsExactly("late", "new");
  }

  @Test
  void aLeaseIsOneOwnersUntilItsTimeIsOver() throws SQLException {
    assertThat(acquire("a", 0)).isTrue();
    assertThat(acquire("b", 0)).isFalse();
    assertThat(acquire("a", 0)).isTrue();
    grantedBefore(13);
    assertThat(acquire("b", 0)).isTrue();
    assertThat(acquire("a", 0)).isFalse();
  }

  @Test
  void whoHasWaitedIsRefusedWhatOthersWereGrantedMeanwhile() throws SQLException {
    assertThat(acquire("a", 0)).isTrue();
    grantedBefore(300);
    assertThat(acquire("cut off since before that", 290)).isFalse();
    assertThat(acquire("cut off since after that", 280)).isTrue();
  }

  @Test
  void whoWasGivenUpIsRefusedHoweverLateItAsksAndItsNextLifeIsNot() throws SQLException {
    assertThat(acquire("a", "a#1", 0, "b#1", "c#1")).isTrue();
    grantedBefore(3_600);
    assertThat(acquire("b", "b#1", 0, "a#1")).isFalse();
    // It had nobody else given up.
    assertThat(acquire("a", "a#1", 0)).isTrue();
    grantedBefore(3_600);
    assertThat(acquire("b", "b#2", 0, "a#1")).isTrue();
    grantedBefore(3_600);
    assertThat(acquire("a", "a#1", 0, "b#2")).isFalse();
    assertThat(acquire("c", "c#1", 0, "a#1")).isFalse();
  }

  @Test
  void whomNobodyWasGrantedToGiveUpStays() throws SQLException {
    assertThat(acquire("a", "a#1", 0, "b#1")).isTrue();
    assertThat(acquire("b", "b#1", 0, "a#1")).isFalse();
    grantedBefore(13);
    assertThat(acquire("a", "a#1", 0)).isTrue();
  }

  @Test
  void givenUpMembersAreForgottenAfterADay() throws SQLException {
    assertThat(acquire("a", "a#1", 0, "b#1")).isTrue();
    statement.execute(
        "UPDATE spendwatch.cluster_exclusions SET excluded_at = now() - interval '25 hours'");
    assertThat(acquire("a", "a#1", 0, "c#1")).isTrue();
    try (ResultSet rows =
        statement.executeQuery(
            "SELECT string_agg(member, ',') FROM spendwatch.cluster_exclusions")) {
      rows.next();
      assertThat(rows.getString(1)).isEqualTo("c#1");
    }
  }

  private void register(String id, String address, String started) throws SQLException {
    statement.execute(
        "SELECT spendwatch.register_node('%s', '%s', 'h', 1, '2030-01-01 %sZ', '10 s')"
            .formatted(id, address, started));
  }

  private boolean acquire(String asker, int waitedSeconds) throws SQLException {
    return acquire(asker, asker + "#1", waitedSeconds);
  }

  private boolean acquire(String asker, String member, int waitedSeconds, String... lost)
      throws SQLException {
    try (ResultSet rows =
        statement.executeQuery(
            "SELECT spendwatch.acquire_cluster_lease('sbr', '%s', '%s', '{%s}', '12 s', '%d s')"
                .formatted(asker, member, String.join(",", lost), waitedSeconds))) {
      rows.next();
      return rows.getBoolean(1);
    }
  }

  private void grantedBefore(int seconds) throws SQLException {
    statement.execute(
        "UPDATE spendwatch.cluster_leases SET granted_at = now() - interval '%d s'"
            .formatted(seconds));
  }

  private List<String> addresses() throws SQLException {
    List<String> addresses = new ArrayList<>();
    try (ResultSet rows =
        statement.executeQuery("SELECT address FROM spendwatch.nodes ORDER BY address")) {
      while (rows.next()) {
        addresses.add(rows.getString(1));
      }
    }
    return addresses;
  }
}
