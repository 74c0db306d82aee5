package io.spendwatch.ops.capture.warehouse;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.ops.capture.config.SourceAddress.Product;
import io.spendwatch.ops.capture.config.WarehouseTable;
import io.spendwatch.streams.base.ConfigSection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WarehouseTypesTest {

  @Test
  void theDocumentsPrintTheTable() throws IOException {
    assertThat(Files.readString(Path.of("..", "..", "docs", "capture.md"))).contains(printed());
  }

  private static String printed() {
    var text = new StringBuilder("| MariaDB | PostgreSQL | the warehouse |\n|---|---|---|\n");
    for (String target :
        WarehouseTypes.RULES.stream()
            .map(WarehouseTypesTest::shown)
            .collect(Collectors.toCollection(java.util.LinkedHashSet::new))) {
      text.append("| ")
          .append(sources(Product.MARIADB, target))
          .append(" | ")
          .append(sources(Product.POSTGRESQL, target))
          .append(" | `")
          .append(target)
          .append("` |\n");
    }
    return text.toString();
  }

  private static String shown(WarehouseTypes.Rule rule) {
    return rule.target() + (rule.modified() ? "(as there)" : "");
  }

  private static String sources(Product product, String target) {
    return WarehouseTypes.RULES.stream()
        .filter(rule -> rule.product() == product && shown(rule).equals(target))
        .flatMap(rule -> rule.source().stream())
        .map(each -> "`" + each + "`")
        .collect(Collectors.joining(", "));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "integer; integer; true",
        "bigint; integer; true",
        "integer; bigint; false",
        "numeric; numeric(20,0); true",
        "numeric(12,4); numeric(10,2); true",
        "numeric(10,4); numeric(10,2); false",
        "numeric(20,0); numeric; false",
        "character varying; text; true",
        "character varying(9); text; false",
        "double precision; real; false",
        "timestamp(3) without time zone; timestamp without time zone; false"
      })
  void holdsOnlyWhatLosesNothing(String found, String wanted, boolean holds) {
    assertThat(WarehouseTypes.holds(found, wanted)).isEqualTo(holds);
  }

  @Test
  void whatRowsOfBeforeLackIsNoticed() {
    Set<String> all = table("").kept();
    assertThat(table("").addedSince(all)).isEmpty();
    assertThat(table("without = [c]").addedSince(all)).isEmpty();
    assertThat(table("columns = [id, c]").addedSince(all)).isEmpty();
    assertThat(table("").addedSince(table("without = [c]").kept()))
        .containsExactly("column c of a.b");
    assertThat(table("columns = [id, c, d]").addedSince(table("columns = [id, c]").kept()))
        .containsExactly("column d of a.b");
    assertThat(table("").addedSince(table("columns = [id, c]").kept())).hasSize(1);
    assertThat(table("target = other").addedSince(all)).containsExactly("a.b > other");
  }

  private static WarehouseTable table(String more) {
    return WarehouseTable.from(
        ConfigSection.of(ConfigFactory.parseString("t { table = a.b\n" + more + " }"), "t"));
  }
}
