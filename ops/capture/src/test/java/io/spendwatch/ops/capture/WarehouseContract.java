package io.spendwatch.ops.capture;

import static io.spendwatch.ops.capture.CaptureBed.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.capture.CaptureBed.Running;
import io.spendwatch.ops.capture.config.CapturePath;
import io.spendwatch.ops.capture.config.MisfitException;
import io.spendwatch.ops.lab.sandbox.database.BusinessServer.Engine;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
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
  record TypeCase(String type, String target, List<String> literals) {
    TypeCase(String type, String target, String... literals) {
      this(type, target, List.of(literals));
    }

    private String literal(int row) {
      return 2 * row < literals.size() ? literals.get(2 * row) : "NULL";
    }

    private String shown(int row) {
      return 2 * row < literals.size() ? literals.get(2 * row + 1) : null;
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
    int rows = 1 + types.stream().mapToInt(each -> each.literals().size() / 2).max().orElseThrow();
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
    assertThat(audit(site, 0, "--warehouse")).contains("clean: the warehouse has the same rows");
  }

  /** Of this test's sales, as both ends have them. */
  private CaptureBed.Site salesSite(String more) throws Exception {
    return warehouseSite("{ table = " + table("sales") + ", day = sold_at " + more + " }", "");
  }

  private String target() {
    return "public.sales" + suffix();
  }

  private List<List<String>> sales() throws SQLException {
    return bed().rows("SELECT id, user_id, amount, note FROM " + table("sales") + " ORDER BY id");
  }

  private List<List<String>> salesInWarehouse() throws SQLException {
    return isThere("sales" + suffix())
        ? bed().warehouseRows("SELECT id, user_id, amount, note FROM " + target() + " ORDER BY id")
        : List.of();
  }

  private void awaitSame(Running capture) {
    await().atMost(SOON).until(() -> !capture.isRunning() || salesInWarehouse().equals(sales()));
    if (!capture.isRunning()) {
      throw new AssertionError("it has ended", failure(capture));
    }
  }

  @Test
  void theWarehouseHasTheSnapshotAndThenWhatHappens() throws Exception {
    sell(
        "(1, 1, 12.34, '2024-07-12 15:57:33.120', 'é🦊'), (2, 2, 0.01, '2024-07-12 00:00:00', NULL),"
            + " (3, 2, NULL, '2024-07-13 00:00:00', 'x')");
    CaptureBed.Site site = salesSite("");
    var stop = new CountDownLatch(1);
    CompletableFuture<Void> shop = trading(7, stop);
    try (Running capture = site.start(CapturePath.WAREHOUSE, false)) {
      await()
          .atMost(SOON)
          .until(() -> !capture.isRunning() || capture.progress().now(0).applied() > 300);
      stop.countDown();
      shop.join();
      awaitSame(capture);
      bed()
          .sql(
              "UPDATE " + table("sales") + " SET amount = 10.34 WHERE id = 1",
              "UPDATE " + table("sales") + " SET id = 4 WHERE id = 2",
              "UPDATE " + table("sales") + " SET id = 2 WHERE id = 3",
              "UPDATE " + table("sales") + " SET note = NULL WHERE id = 2",
              "DELETE FROM " + table("sales") + " WHERE id > 1000 AND id < 1010");
      awaitSame(capture);
      bed().sql("TRUNCATE TABLE " + table("sales"));
      sell("(1, 7, 1.00, '2024-07-14 00:00:00', 'again')");
      awaitSame(capture);
      assertThat(salesInWarehouse()).containsExactly(List.of("1", "7", "1.00", "again"));
      await().atMost(SOON).until(() -> capture.progress().now(0).unacknowledged() == 0);
    }

    sell("(2, 7, 2.00, '2024-07-15 00:00:00', NULL), (3, 7, 3.00, '2024-07-15 00:00:00', NULL)");
    try (Running capture = site.start(CapturePath.WAREHOUSE, false)) {
      awaitSame(capture);
      assertThat(capture.progress().now(0).rows()).as("it goes on from where it was").isLessThan(5);
    }
    assertThat(audit(site, 0, "--warehouse"))
        .contains("3 rows there, 3 in the warehouse, 2 days by sold_at", "clean");
    bed()
        .warehouseSql(
            "UPDATE " + target() + " SET amount = 2.01 WHERE id = 2",
            "DELETE FROM " + target() + " WHERE id = 1",
            "INSERT INTO " + target() + " (id, amount, sold_at) VALUES (9, 5, '2024-07-15')");
    assertThat(audit(site, 1, "--warehouse"))
        .contains(
            "DIFFERENT " + table("sales") + " key 2: amount",
            "MISSING " + table("sales") + " key 1",
            "EXTRA " + table("sales") + " key 9",
            "2024-07-14: rows 1 / 0, ",
            "amount 1 / 0",
            "2024-07-15: rows 2 / 3, ",
            "amount 5 / 10.01",
            "3 findings");

    sell("(5, 7, 5.00, '2024-07-15 00:00:00', NULL)");
    try (Running capture = site.start(CapturePath.WAREHOUSE, true)) {
      awaitSame(capture);
    }
    assertThat(audit(site, 0, "--warehouse")).contains("clean");
  }

  @Test
  void aCaptureToTheWarehouseThatIsEndedAtAnyMomentLosesAndDoublesNothing() throws Exception {
    long seed = Long.getLong("spendwatch.capture.seed", System.nanoTime());
    System.out.println("spendwatch.capture.seed=" + seed);
    var random = new Random(seed);
    sell("(1, 1, 5.00, '2024-07-12 15:57:33', NULL)");
    CaptureBed.Site site = salesSite("");
    var stop = new CountDownLatch(1);
    CompletableFuture<Void> shop = trading(seed, stop);
    for (int i = 0; i < Integer.getInteger("spendwatch.capture.kills", 2); i++) {
      Process process = site.startProcess(CapturePath.WAREHOUSE);
      try {
        List<List<String>> before = salesInWarehouse();
        await()
            .atMost(SOON)
            .untilAsserted(
                () ->
                    assertThat(salesInWarehouse())
                        .as(() -> "its log: " + site.log())
                        .isNotEqualTo(before));
        boolean _ = process.waitFor(random.nextInt(700), TimeUnit.MILLISECONDS);
      } finally {
        var _ = process.destroyForcibly().waitFor();
      }
    }
    try (Running capture = site.start(CapturePath.WAREHOUSE, false)) {
      for (int i = 0; i < 5; i++) {
        long applied = capture.progress().now(0).applied();
        await()
            .atMost(SOON)
            .until(
                () -> !capture.isRunning() || capture.progress().now(0).applied() > applied + 20);
        // In the midst of whatever it does: its transaction is undone, or it has not heard of it.
        var _ =
            bed()
                .warehouseRows(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
                        + " application_name = 'spendwatch capture'");
      }
      stop.countDown();
      shop.join();
      awaitSame(capture);
    }
    assertThat(audit(site, 0, "--warehouse")).contains("clean");
  }

  @Test
  void whoeverStartsLaterEndsTheOneBefore() throws Exception {
    sell("(1, 1, 5.00, '2024-07-12 15:57:33', NULL)");
    CaptureBed.Site site = salesSite("");
    try (Running first = site.start(CapturePath.WAREHOUSE, false)) {
      awaitSame(first);
      try (Running second = site.start(CapturePath.WAREHOUSE, false)) {
        await()
            .atMost(SOON)
            .until(
                () -> {
                  bed().sql("UPDATE " + table("sales") + " SET amount = amount + 0.01");
                  return !first.isRunning();
                });
        assertThat(first.failure())
            .isInstanceOf(OperatorException.class)
            .hasMessageContaining("has taken over");
        awaitSame(second);
      }
    }
  }

  @Test
  void aTableThatIsAlteredStopsItUntilTheWarehouseFollows() throws Exception {
    sell("(1, 1, 5.00, '2024-07-12 15:57:33', 'a')");
    CaptureBed.Site site = salesSite("");
    try (Running capture = site.start(CapturePath.WAREHOUSE, false)) {
      awaitSame(capture);
      bed()
          .sql(
              "ALTER TABLE " + table("sales") + " ADD COLUMN tax decimal(10,2)",
              "INSERT INTO "
                  + table("sales")
                  + " (id, user_id, amount, sold_at, tax)"
                  + " VALUES (2, 1, 2.00, '2024-07-12 15:57:33', 0.25)");
      assertThat(capture.failure())
          .isInstanceOf(OperatorException.class)
          .hasMessageContaining("has a column tax, as of this place in its log");
    }
    try (Running capture = site.start(CapturePath.WAREHOUSE, false)) {
      assertThat(capture.failure())
          .isInstanceOf(MisfitException.class)
          .hasMessageContaining("ADD COLUMN \"tax\" numeric(10,2)");
    }
    bed().warehouseSql("ALTER TABLE " + target() + " ADD COLUMN tax numeric(10,2)");
    try (Running capture = site.start(CapturePath.WAREHOUSE, false)) {
      awaitSame(capture);
      bed().sql("ALTER TABLE " + table("sales") + " RENAME COLUMN tax TO vat");
      sell("(3, 1, 3.00, '2024-07-12 15:57:33', NULL)");
      assertThat(capture.failure()).hasMessageContaining("has a column vat");
    }
    bed().warehouseSql("ALTER TABLE " + target() + " RENAME COLUMN tax TO vat");
    site.map(
        bed().warehouseSettings("{ table = " + table("sales") + ", renamed { vat = tax } }", ""));
    try (Running capture = site.start(CapturePath.WAREHOUSE, false)) {
      awaitSame(capture);
      bed().sql("ALTER TABLE " + table("sales") + " DROP COLUMN vat");
      sell("(4, 1, 4.00, '2024-07-12 15:57:33', NULL)");
      awaitSame(capture);
    }
    assertThat(bed().warehouseRows("SELECT id, vat FROM " + target() + " ORDER BY id"))
        .containsExactly(
            Arrays.asList("1", null),
            List.of("2", "0.25"),
            Arrays.asList("3", null),
            Arrays.asList("4", null));
  }

  @Test
  void whatDoesNotFitIsSaidAtTheStart() throws Exception {
    bed().sql("CREATE TABLE " + table("keyless") + " (id int, at " + unheld() + ")");
    bed()
        .warehouseSql(
            "CREATE TABLE "
                + target()
                + " (id text PRIMARY KEY, user_id bigint, amount numeric(9,2))");
    CaptureBed.Site site =
        warehouseSite(
            "{ table = %s }, { table = %s }".formatted(table("sales"), table("keyless")), "");
    try (Running capture = site.start(CapturePath.WAREHOUSE, false)) {
      assertThat(capture.failure())
          .isInstanceOf(MisfitException.class)
          .hasMessageContaining(
              "column id of table public.sales" + suffix() + " of the warehouse is of type text")
          .hasMessageContaining("is of type numeric(9,2)")
          .hasMessageContaining("has no column note: ALTER TABLE")
          .hasMessageContaining("has no primary key, by which its rows are known")
          .hasMessageContaining("which no type holds: without = [at] leaves it out");
    }
    bed()
        .warehouseSql(
            "DROP TABLE " + target(),
            "CREATE TABLE "
                + target()
                + " (id numeric PRIMARY KEY, user_id numeric, amount numeric, sold_at timestamp,"
                + " note text)",
            "INSERT INTO " + target() + " (id) VALUES (7)");
    site.map(bed().warehouseSettings("{ table = " + table("sales") + " }", ""));
    try (Running capture = site.start(CapturePath.WAREHOUSE, engine() == Engine.MARIADB)) {
      if (engine() == Engine.MARIADB) {
        assertThat(capture.failure())
            .hasMessageContaining("has rows that capture c")
            .hasMessageContaining("has not put there");
      } else {
        assertThat(capture.failure()).hasMessageContaining("of type numeric");
      }
    }
    assertThat(bed().warehouseRows("SELECT id FROM " + target())).containsExactly(List.of("7"));
  }

  /** A type whose values no other holds exactly. */
  abstract String unheld();

  /**
   * Sales, some of them changed or deleted soon, in transactions of several, until told to stop.
   */
  private CompletableFuture<Void> trading(long seed, CountDownLatch stop) {
    return CompletableFuture.runAsync(
        () -> {
          var random = new Random(seed);
          try (Connection connection = bed().connect();
              Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            int id = 1000;
            while (!stop.await(3, TimeUnit.MILLISECONDS)) {
              for (int i = random.nextInt(4); i >= 0; i--) {
                statement.execute(
                    "INSERT INTO %s (id, user_id, amount, sold_at) VALUES (%d, %d, %d.25, '2024-07-%02d')"
                        .formatted(
                            table("sales"),
                            ++id,
                            random.nextInt(3),
                            random.nextInt(100),
                            1 + random.nextInt(31)));
              }
              statement.execute(
                  "UPDATE %s SET amount = amount + 0.10 WHERE id BETWEEN %d AND %d"
                      .formatted(table("sales"), id - random.nextInt(6), id));
              if (random.nextInt(3) == 0) {
                int gone = id - random.nextInt(30);
                statement.execute("DELETE FROM %s WHERE id = %d".formatted(table("sales"), gone));
                if (random.nextBoolean()) {
                  statement.execute(
                      "INSERT INTO %s (id, amount, sold_at) VALUES (%d, 1, '2024-08-01')"
                          .formatted(table("sales"), gone));
                }
              }
              if (random.nextInt(6) == 0) {
                connection.rollback();
              } else {
                connection.commit();
              }
            }
          } catch (SQLException | InterruptedException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  private boolean nullable(TypeCase type) {
    return engine() == Engine.MARIADB && type.type().startsWith("TIMESTAMP");
  }

  private void insertTypes(String table, List<TypeCase> types, int rows, int from)
      throws SQLException {
    List<String> statements = new ArrayList<>();
    statements.add(engine() == Engine.MARIADB ? "SET time_zone = '+00:00'" : "SET time zone 'UTC'");
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
    site.map(bed().warehouseSettings(tables, more));
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
