package io.spendwatch.streams.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.streams.database.SqlText;
import org.junit.jupiter.api.Test;

/** Each of the two writes is a statement that can be read, and run in psql, as it stands. */
class WriteStatementsTest {
  @Test
  void aWriteWithAlertsTreatsRowsAsOneWithoutDoes() {
    String withAlerts = SqlText.load(Ledger.class, "write_ledger");

    assertThat(fenceAndRows(withAlerts))
        .contains("INSERT INTO spendwatch.transactions")
        .isEqualTo(fenceAndRows(SqlText.load(Ledger.class, "write_transactions")));
    assertThat(withAlerts).contains("INSERT INTO spendwatch.alerts");
  }

  /** From the fence to the note for the roll-ups, which both have. */
  private static String fenceAndRows(String statement) {
    String lastOfBoth = "GROUP BY relation\n";
    return statement.substring(
        statement.indexOf("WITH fence"), statement.indexOf(lastOfBoth) + lastOfBoth.length());
  }
}
