package io.spendwatch.ops.capture;

import static io.spendwatch.ops.capture.CaptureBed.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.capture.CaptureBed.Running;
import io.spendwatch.ops.errors.OperatorException;
import io.spendwatch.ops.lab.sandbox.BusinessServer.Engine;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What the path to a warehouse promises, whatever the product; on real servers. */
abstract class WarehouseContract extends CaptureContract {

  WarehouseContract(Engine engine) {
    super(engine);
  }

  /**
   * A type, and what comes of values of it.
   *
   * @param literals as SQL, each followed by what the warehouse shows of it
   */
  record TypeCase(String type, String target, String... literals) {

    private String literal(int row) {
      return 2 * row < literals.length ? literals[2 * row] : "NULL";
    }

    private String shown(int row) {
      return 2 * row < literals.length ? literals[2 * row + 1] : null;
    }
  }

  abstract List<TypeCase> types();

  @Test
  void everyValueIsTheSameInTheWarehouse() throws Exception {
    List<TypeCase> types = types();
    String table = table("types");
    String target = "types" + suffix();
    var columns = new ArrayList<String>();
    for (int i = 0; i < types.size(); i++) {
      columns.add("c" + i + " " + types.get(i).type() + (nullable(types.get(i)) ? " NULL" : ""));
    }
    bed()
        .sql(
            "CREATE TABLE "
                + table
                + " (id int PRIMARY KEY, "
                + String.join(", ", columns)
                + ")"
                + (engine() == Engine.MARIADB ? " CHARACTER SET utf8mb4" : ""));
    int rows = 1 + types.stream().mapToInt(each -> each.literals().length / 2).max().orElseThrow();
    insertTypes(table, types, rows, 0);
    CaptureBed.Site site = warehouseSite("{ table = " + table + " }", "");
    try (Running capture = site.start(CapturePath.WAREHOUSE, false)) {
      awaitRows(capture, target, rows);
      insertTypes(table, types, rows, 100);
      awaitRows(capture, target, 2 * rows);
    }
    for (int i = 0; i < types.size(); i++) {
      TypeCase type = types.get(i);
      assertThat(
              bed()
                  .warehouseRows(
                      "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid ="
                          + " 'public."
                          + target
                          + "'::regclass AND attname = 'c"
                          + i
                          + "'"))
          .as(type.type())
          .containsExactly(List.of(type.target()));
      List<List<String>> found =
          bed().warehouseRows("SELECT id, c" + i + "::text FROM public." + target + " ORDER BY id");
      for (int row = 0; row < 2 * rows; row++) {
        assertThat(found.get(row).get(1))
            .as("%s %s, %s", type.type(), type.literal(row % rows), found.get(row).get(0))
            .isEqualTo(type.shown(row % rows));
      }
    }
    // audit
  }

  private boolean nullable(TypeCase type) {
    return engine() == Engine.MARIADB && type.type().startsWith("TIMESTAMP");
  }

  private void insertTypes(String table, List<TypeCase> types, int rows, int from)
      throws SQLException {
    List<String> statements = new ArrayList<>();
    statements.add(
        engine() == Engine.MARIADB ? "SET time_zone = '+00:00'" : "SET time zone 'UTC'");
    for (int row = 0; row < rows; row++) {
      int at = row;
      statements.add(
          "INSERT INTO "
              + table
              + " VALUES ("
              + (from + row)
              + ", "
              + types.stream().map(type -> type.literal(at)).collect(Collectors.joining(", "))
              + ")");
    }
    bed().sql(statements.toArray(String[]::new));
  }

  private CaptureBed.Site warehouseSite(String tables, String more) throws Exception {
    CaptureBed.Site site = site();
    site.map(mapping("amount", "") + bed().warehouseSettings(tables, more));
    return site;
  }

  private void awaitRows(Running capture, String target, int rows) {
    await()
        .atMost(SOON)
        .until(
            () ->
                !capture.isRunning()
                    || (isThere(target)
                        && bed()
                            .warehouseRows("SELECT count(*) FROM public." + target)
                            .equals(List.of(List.of(Integer.toString(rows))))));
    if (!capture.isRunning()) {
      throw new AssertionError("it has ended", failure(capture));
    }
  }

  private static Throwable failure(Running capture) {
    try {
      return capture.failure();
    } catch (Exception e) {
      return e;
    }
  }

  private boolean isThere(String target) throws SQLException {
    return bed().warehouseRows("SELECT to_regclass('public." + target + "')").getFirst().getFirst()
        != null;
  }
}
