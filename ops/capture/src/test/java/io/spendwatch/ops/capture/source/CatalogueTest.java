package io.spendwatch.ops.capture.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.capture.config.SourceTable;
import io.spendwatch.streams.capture.change.ColumnType;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class CatalogueTest {
  private static Catalogue.Entry entry(
      String table, String column, ColumnType type, OptionalInt keyPlace) {
    return new Catalogue.Entry(
        table, "d", new SourceTable.Column(column, "t", "", false), type, keyPlace);
  }

  private static final Catalogue CATALOGUE =
      new Catalogue(
          List.of(
              entry("shop.sales", "at", ColumnType.INSTANT, OptionalInt.empty()),
              entry("shop.users", "id", ColumnType.INTEGER, OptionalInt.empty()),
              entry("shop.sales", "line", ColumnType.INTEGER, OptionalInt.of(2)),
              entry("shop.sales", "ticket", ColumnType.TEXT, OptionalInt.of(1))));

  @Test
  void columnsStandInTheirOrderAndKeysInTheKeys() {
    SourceTable sales = CATALOGUE.tables().get("shop.sales");
    assertThat(sales.columns())
        .extracting(SourceTable.Column::name)
        .containsExactly("at", "line", "ticket");
    assertThat(sales.key()).containsExactly("ticket", "line");
    assertThat(sales.identity()).isEqualTo("d");
  }

  @Test
  void aTableWithoutAPrimaryKeyHasAnEmptyOne() {
    assertThat(CATALOGUE.tables().get("shop.users").key()).isEmpty();
  }

  @Test
  void typesAreFoundByTablesAndColumnsNames() {
    assertThat(CATALOGUE.types()).containsOnlyKeys("shop.sales", "shop.users");
    assertThat(CATALOGUE.types().get("shop.sales"))
        .containsEntry("at", ColumnType.INSTANT)
        .containsEntry("line", ColumnType.INTEGER)
        .containsEntry("ticket", ColumnType.TEXT)
        .hasSize(3);
  }
}
