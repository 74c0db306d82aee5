package io.spendwatch.streams.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.streams.database.SqlText;
import org.junit.jupiter.api.Test;

/** Each of the writes is a statement that can be read, and run in psql, as it stands. */
class WriteStatementsTest {
  private static final String REPEATABLE =
      "      ON CONFLICT DO NOTHING\n  RETURNING kafka_partition, event_time";

  private final String transactions = SqlText.load(Ledger.class, "write_transactions");
  private final String ledger = SqlText.load(Ledger.class, "write_ledger");
  private final String again = SqlText.load(Ledger.class, "write_again");

  @Test
  void aWriteWithAlertsTreatsRowsAsOneWithoutDoes() {
    assertThat(fenceAndRows(ledger))
        .contains("INSERT INTO spendwatch.transactions")
        .isEqualTo(fenceAndRows(transactions));
    assertThat(ledger).contains("INSERT INTO spendwatch.alerts");
  }

  @Test
  void aWriteThatMayBeRepeatedDiffersInThatAlone() {
    assertThat(ledger).doesNotContain(REPEATABLE);
    assertThat(again).contains(REPEATABLE);
    assertThat(statement(again).replace(REPEATABLE, "  RETURNING kafka_partition, event_time"))
        .isEqualTo(statement(ledger));
  }

  private static String statement(String text) {
    return text.substring(text.indexOf("WITH fence"));
  }

  /** From the fence to the note for the roll-ups, which all have. */
  private static String fenceAndRows(String text) {
    String lastOfBoth = "GROUP BY relation\n";
    return text.substring(
        text.indexOf("WITH fence"), text.indexOf(lastOfBoth) + lastOfBoth.length());
  }
}
