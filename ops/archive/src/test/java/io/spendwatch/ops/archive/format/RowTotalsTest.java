package io.spendwatch.ops.archive.format;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Digests by another implementation, of rows with every kind of value. */
@Timeout(60)
class RowTotalsTest {
  private static final byte[] LONG_VALUE = "{\"amount\":\"1,50 €\"}".repeat(99).getBytes(UTF_8);

  @TempDir Path root;

  @Test
  void hasTheDigestThatArchivesHave() {
    assertThat(added(ArchiveTable.FEATURES, features()).digest())
        .isEqualTo("e0ec874fd199853e555a4c4d798b51f107c2312035b41e34df9161a446e49309");
    assertThat(added(ArchiveTable.ALERTS, alerts()).digest())
        .isEqualTo("5257cef4836ee705098d61227f6b8ffcf4895bacd2c5635f70771bd478753891");
    assertThat(added(ArchiveTable.DEAD_LETTERS, letters()).digest())
        .isEqualTo("76ad5305f1da484db3e04dc4836eaa699614741877628f43d06ca2755252652d");
  }

  @Test
  void addsAmountsUpBeyond64Bits() {
    Totals totals = added(ArchiveTable.ALERTS, alerts());
    assertThat(totals.rows()).isEqualTo(2);
    assertThat(totals.sums())
        .containsEntry("exposure_minor", "9223372036854775808")
        .containsEntry("balance_minor", "9223372036854775809");
    assertThat(totals.offsets())
        .containsExactly(new Totals.Offsets(7, 8, 8), new Totals.Offsets(8, -1, -1));
  }

  @Test
  void areTheSameWhenRowsComeBackFromParquet() {
    try (Parquet parquet = Parquet.open(root, 128 << 20)) {
      comesBack(parquet, ArchiveTable.FEATURES, features());
      comesBack(parquet, ArchiveTable.ALERTS, alerts());
      comesBack(parquet, ArchiveTable.DEAD_LETTERS, letters());
    }
  }

  private void comesBack(Parquet parquet, ArchiveTable table, List<Object[]> rows) {
    Path file = root.resolve(table.word());
    if (table == ArchiveTable.DEAD_LETTERS) {
      parquet.stageLetters(rows::forEach);
    } else {
      Iterator<Object[]> left = rows.iterator();
      parquet.stage(
          table,
          row -> {
            boolean isThere = left.hasNext();
            if (isThere) {
              var _ = row.set(left.next());
            }
            return isThere;
          });
    }
    parquet.write(table, "SELECT * FROM " + Parquet.staged(table), file);
    assertThat(parquet.totals(table, Parquet.archived(table, List.of(file))))
        .isEqualTo(added(table, rows));
  }

  private static Totals added(ArchiveTable table, List<Object[]> rows) {
    var totals = new RowTotals(table);
    rows.forEach(totals::add);
    return totals.totals();
  }

  private static List<Object[]> features() {
    return List.of(
        new Object[] {
          "Ünïcode 用户",
          "USD",
          1_773_100_800_000_001L,
          -5L,
          3L,
          Long.MAX_VALUE,
          null,
          0.25,
          "[1,2]",
          0L,
          ""
        },
        new Object[] {"💶", "JPY", 0L, 0L, 0L, Long.MIN_VALUE, 1L, null, null, 7L, "m"});
  }

  private static List<Object[]> alerts() {
    return List.of(
        alert("a", "RAISED", null, 1, 2, true, 7),
        alert("b", "CLEARED", "x", Long.MAX_VALUE, Long.MAX_VALUE, false, 8));
  }

  private static Object[] alert(
      String id,
      String type,
      String transaction,
      long exposure,
      long balance,
      boolean late,
      long partition) {
    boolean isFirst = partition == 7;
    return new Object[] {
      id,
      type,
      "exposure-24h",
      1L,
      "e",
      "u",
      transaction,
      exposure,
      balance,
      "USD",
      3L,
      4L,
      5L,
      6L,
      late,
      isFirst ? null : "EXPIRY",
      null,
      "t",
      partition,
      isFirst ? 8L : -1L,
      9L,
      isFirst ? null : 1L
    };
  }

  private static List<Object[]> letters() {
    return List.of(
        new Object[] {"t.dlq", 1L, 2L, 3L, "BAD_ID", null, new byte[] {0, -1}, new byte[0], "[]"},
        new Object[] {"t.dlq", 2L, 2L, 3L, null, "m", null, LONG_VALUE, "[]"});
  }
}
