package io.spendwatch.streams.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spendwatch.protocol.ForeignText;
import io.spendwatch.streams.ledger.Ledger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What PostgreSQL makes of these literals is held by {@code ForeignTextIT}. */
class SqlTextTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "claim_pipeline",
        "ensure_partitions",
        "find_stored",
        "read_versions",
        "read_versions_in_force",
        "find_changes",
        "walk_changes",
        "find_active",
        "read_entries",
        "read_episodes",
        "read_open_episodes",
        "read_stream_time",
        "read_transaction_ids",
        "read_unpublished_alerts",
        "sum_exposures",
        "apply_balances",
        "read_balances_place",
        "note_balances_place",
        "record_rewind",
        "read_seen_alerts",
        "read_progress",
        "forget_progress",
        "write_transactions",
        "write_ledger",
        "write_again"
      })
  void beginsWithWhatItPromises(String statement) {
    assertThat(SqlText.load(Ledger.class, statement)).startsWith("-- Promises");
  }

  @Test
  void failsWhenAStatementIsMissing() {
    assertThatThrownBy(() -> SqlText.load(Ledger.class, "no_such"))
        .isInstanceOf(IllegalStateException.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "u1 | 'u1'",
        "o'neil | 'o''neil'",
        "o'neil\\ | E'o''neil\\\\'",
      })
  void aLiteralIsWhateverTheTextHolds(String text, String literal) {
    assertThat(SqlText.literal(text)).isEqualTo(literal);
  }

  @Test
  void whatATerminalWouldObeyIsEscapedWithinALiteral() {
    assertThat(SqlText.literal("a\n\u001b[2J'\u202e\\b"))
        .isEqualTo("E'a\\U0000000A\\U0000001B[2J''\\U0000202E\\\\b'");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "SELECT 'it''s', E'a\\\\b' | SELECT 'it''s', E'a\\\\b'",
        "a = '#b' AND c = 'd' | a = E'\\U0000001Bb' AND c = 'd'",
        "a = E'x\\'#' | a = E'x\\'\\U0000001B'",
        "a = '\\#''' | a = E'\\\\\\U0000001B'''",
      })
  void aStatementIsPrintedSoThatItRuns(String sql, String printed) {
    assertThat(SqlText.printable(sql.replace('#', '\u001b'))).isEqualTo(printed);
  }

  @Test
  void noLiteralEndsAnotherOne() {
    String printed = SqlText.printable("a = '\u009b' AND b = E'\\\\' AND c = '\u2028'");
    assertThat(printed).isEqualTo("a = E'\\U0000009B' AND b = E'\\\\' AND c = E'\\U00002028'");
    assertThat(printed.codePoints()).noneMatch(ForeignText::isUnsafe);
  }

  @Test
  void aScriptIsTakenApartWhereStatementsEnd() {
    assertThat(
            SqlText.statements(
                """
                -- One; not two.
                SET x = 'a;b''c;d';
                INSERT INTO "t;u" VALUES (E'\\';', 1); SELECT 2
                ;
                /* no; end */ CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $body$ SELECT 1; SELECT $$;$$ $body$;
                CREATE FUNCTION g() RETURNS int LANGUAGE sql
                BEGIN ATOMIC
                  SELECT CASE WHEN true THEN 1 END;
                  SELECT 2;
                END;
                SELECT {a}
                -- Nothing; after it.
                """))
        .containsExactly(
            "-- One; not two.\nSET x = 'a;b''c;d'",
            "INSERT INTO \"t;u\" VALUES (E'\\';', 1)",
            "SELECT 2",
            "/* no; end */ CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $body$ SELECT 1; SELECT $$;$$ $body$",
            "CREATE FUNCTION g() RETURNS int LANGUAGE sql\nBEGIN ATOMIC\n  SELECT CASE WHEN true THEN 1 END;\n  SELECT 2;\nEND",
            "SELECT {a}\n-- Nothing; after it.");
  }
}
