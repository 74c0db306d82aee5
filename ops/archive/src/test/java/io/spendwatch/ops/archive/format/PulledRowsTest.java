package io.spendwatch.ops.archive.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spendwatch.errors.OperatorException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Rows that the engine asks for arrive as they were given, and what goes wrong comes out again. */
@Timeout(60)
class PulledRowsTest {
  private static final ArchiveTable TABLE = ArchiveTable.FEATURES;
  private static final String STAGED = "SELECT * FROM " + Parquet.staged(TABLE);

  /** More than the engine asks for at a time, and no multiple of that. */
  private static final int ROWS = 5_000;

  @TempDir Path root;

  @Test
  void areTheSameInTheEnginesTable() {
    try (Parquet parquet = Parquet.open(root, 128 << 20)) {
      // As many as it asks for, one fewer, one more, and none.
      for (int rows : new int[] {ROWS, 2_048, 2_047, 2_049, 0}) {
        parquet.stage(TABLE, source(rows));
        assertThat(parquet.totals(TABLE, STAGED)).isEqualTo(totals(rows));
      }
    }
  }

  @Test
  void throwsWhatTheSourceThrew() {
    OperatorException gone = new OperatorException("the database is gone");
    try (Parquet parquet = Parquet.open(root, 128 << 20)) {
      Parquet.RowSource given = source(ROWS);
      int[] left = {ROWS / 2};
      assertThatThrownBy(
              () ->
                  parquet.stage(
                      TABLE,
                      row -> {
                        if (left[0]-- == 0) {
                          throw gone;
                        }
                        return given.next(row);
                      }))
          .isSameAs(gone);
      parquet.stage(TABLE, source(ROWS));
      assertThat(parquet.totals(TABLE, STAGED)).isEqualTo(totals(ROWS));
    }
  }

  private static Parquet.RowSource source(int rows) {
    int[] at = {0};
    return row -> {
      if (at[0] == rows) {
        return false;
      }
      var _ = row.set(values(at[0]++));
      return true;
    };
  }

  private static Totals totals(int rows) {
    var totals = new RowTotals(TABLE);
    for (int i = 0; i < rows; i++) {
      totals.add(values(i));
    }
    return totals.totals();
  }

  /** Short texts, long ones, none, empty ones; each column is null now and then. */
  private static Object[] values(int n) {
    return new Object[] {
      "user " + n,
      n % 3 == 0 ? "USD" : "用户",
      n % 5 == 0 ? null : 1_773_100_800_000_001L + n,
      (long) -n,
      n % 7 == 0 ? null : 3L,
      n % 11 == 0 ? Long.MIN_VALUE : Long.MAX_VALUE,
      n % 2 == 0 ? null : (long) n,
      n % 13 == 0 ? null : n / 7.0,
      n % 2 == 0 ? null : "[" + "1,2,".repeat(n % 50) + "3]",
      0L,
      n % 17 == 0 ? null : ""
    };
  }
}
