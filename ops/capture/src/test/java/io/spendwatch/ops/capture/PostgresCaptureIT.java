package io.spendwatch.ops.capture;

import static io.spendwatch.ops.capture.CaptureBed.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.capture.CaptureBed.Running;
import io.spendwatch.ops.capture.config.CapturePath;
import io.spendwatch.ops.capture.config.MisfitException;
import io.spendwatch.ops.lab.sandbox.database.BusinessServer.Engine;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PostgresCaptureIT extends WarehouseContract {
  PostgresCaptureIT() {
    super(Engine.POSTGRES);
  }

  @Override
  List<TypeCase> types() {
    String many = "9".repeat(60) + "." + "9".repeat(60);
    return List.of(
        new TypeCase("smallint", "smallint", "-32768", "-32768"),
        new TypeCase("integer", "integer", "2147483647", "2147483647"),
        new TypeCase("bigint", "bigint", "-9223372036854775808", "-9223372036854775808"),
        new TypeCase(
            "numeric(10,2)", "numeric(10,2)", "-0.01", "-0.01", "99999999.99", "99999999.99"),
        new TypeCase(
            "numeric", "numeric", many, many, "1.500", "1.5", "-1e20", "-100000000000000000000"),
        new TypeCase("real", "real", "3.4028235e38", "3.4028235e+38", "0.1", "0.1", "'NaN'", "NaN"),
        new TypeCase(
            "double precision",
            "double precision",
            "1.7976931348623157e308",
            "1.7976931348623157e+308",
            "'-Infinity'",
            "-Infinity",
            "0.1",
            "0.1"),
        new TypeCase("boolean", "boolean", "true", "true", "false", "false"),
        new TypeCase("bit(1)", "boolean", "B'1'", "true", "B'0'", "false"),
        new TypeCase("bit(13)", "bit(13)", "B'1000000000011'", "1000000000011"),
        new TypeCase("text", "text", "repeat('🦊', 10000)", "🦊".repeat(10000), "'NULL'", "NULL"),
        new TypeCase(
            "varchar(40)",
            "text",
            "E'it''s \\\\ {\"a\",NULL}\\t\\n '",
            "it's \\ {\"a\",NULL}\t\n ",
            "''",
            ""),
        new TypeCase("char(5)", "character(5)", "'é🦊'", "é🦊"),
        new TypeCase("bytea", "bytea", "'\\x00ff00'", "\\x00ff00", "''", "\\x"),
        new TypeCase(
            "date",
            "date",
            "'1582-10-15'",
            "1582-10-15",
            "'5874897-12-31'",
            "5874897-12-31",
            "'2024-02-29'",
            "2024-02-29"),
        new TypeCase(
            "time",
            "time without time zone",
            "'24:00'",
            "24:00:00",
            "'23:59:59.999999'",
            "23:59:59.999999"),
        new TypeCase("time(3)", "time without time zone", "'10:11:12.345'", "10:11:12.345"),
        new TypeCase(
            "timestamp",
            "timestamp without time zone",
            "'1582-10-15 00:00:00.000001'",
            "1582-10-15 00:00:00.000001",
            "'9999-12-31 23:59:59.999999'",
            "9999-12-31 23:59:59.999999",
            "'12026-03-29 02:30'",
            "12026-03-29 02:30:00"),
        new TypeCase(
            "timestamp(3)",
            "timestamp without time zone",
            "'infinity'",
            "infinity",
            "'-infinity'",
            "-infinity",
            "'2026-07-01 10:11:12.345'",
            "2026-07-01 10:11:12.345"),
        new TypeCase(
            "timestamptz",
            "timestamp with time zone",
            "'2026-07-01 10:11:12.345678+14'",
            "2026-06-30 20:11:12.345678+00",
            "'infinity'",
            "infinity",
            "'1582-10-15 00:00:00.000001Z'",
            "1582-10-15 00:00:00.000001+00"),
        new TypeCase(
            "interval",
            "interval",
            "'1 year 2 mons -3 days 04:05:06.789'",
            "1 year 2 mons -3 days +04:05:06.789",
            "'-00:00:00.000001'",
            "-00:00:00.000001"),
        new TypeCase(
            "uuid",
            "uuid",
            "'ffffffff-0000-1111-8888-ffffffffffff'",
            "ffffffff-0000-1111-8888-ffffffffffff"),
        new TypeCase(
            "json", "json", "'{\"a\":  1.50, \"a\": \"é🦊\"}'", "{\"a\":  1.50, \"a\": \"é🦊\"}"),
        new TypeCase("jsonb", "jsonb", "'{\"a\":  1.50}'", "{\"a\": 1.50}", "'null'", "null"),
        new TypeCase("inet", "inet", "'10.0.0.1/8'", "10.0.0.1/8"),
        new TypeCase("cidr", "cidr", "'10.0.0.0/8'", "10.0.0.0/8"),
        new TypeCase("macaddr", "macaddr", "'08:00:2b:01:02:03'", "08:00:2b:01:02:03"));
  }

  @Override
  String unheld() {
    return "int[]";
  }

  /** A server has room for ten, which is as many as there are tests, or fewer. */
  @AfterEach
  void dropSlots() throws Exception {
    var _ =
        bed()
            .rows(
                "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active");
  }

  @Test
  void aSlotThatIsGoneStopsItAndNothingIsSentBySnapshotUnlessAsked() throws Exception {
    CaptureBed.Site site = site();
    try (Running _ = site.start()) {
      sell("(1, 1, 5.00, '2024-07-12 15:57:33', NULL)");
      await().atMost(SOON).until(() -> site.sums().equals(Map.of("1", 500L)));
    }
    String slot = "spendwatch_" + site.file().getFileName().toString().replace(".conf", "");
    bed().sql("SELECT pg_drop_replication_slot('" + slot + "')");
    sell("(2, 1, 1.00, '2024-07-12 15:57:33', NULL)");
    try (Running capture = site.start()) {
      assertThat(capture.failure())
          .isInstanceOf(OperatorException.class)
          .hasMessageContaining("replication slot " + slot + " is gone")
          .hasMessageContaining("capture --snapshot");
    }
    assertThat(site.transactions()).hasSize(1);
    try (Running _ = site.startWithSnapshot()) {
      await().atMost(SOON).until(() -> site.sums().equals(Map.of("1", 600L)));
    }
  }

  @Test
  void datesThatAreNotToldExactlyStopIt() throws Exception {
    String days = table("days");
    bed()
        .sql(
            "CREATE TABLE " + days + " (id int PRIMARY KEY, day date, at timestamp)",
            "INSERT INTO " + days + " VALUES (1, NULL, '1582-10-14')");
    CaptureBed.Site site = site();
    site.map(bed().warehouseSettings("{ table = " + days + " }", ""));
    try (Running capture = site.start(CapturePath.WAREHOUSE, false)) {
      assertThat(capture.failure())
          .isInstanceOf(OperatorException.class)
          .hasMessageContaining("without = [at]");
    }
    bed().sql("UPDATE " + days + " SET at = '1582-10-15'");
    try (Running capture = site.start(CapturePath.WAREHOUSE, false)) {
      await().atMost(SOON).until(() -> capture.progress().now(0).applied() == 1);
      bed()
          .sql(
              "INSERT INTO " + days + " VALUES (2, '0044-03-15 BC', '0044-03-15 BC')",
              "INSERT INTO " + days + " VALUES (3, '1000-03-15', '1000-03-15')");
      await().atMost(SOON).until(() -> capture.progress().now(0).applied() == 3);
      assertThat(
              bed()
                  .warehouseRows(
                      "SELECT day::text, at::text FROM " + days + " ORDER BY id OFFSET 1"))
          .as("the log tells of them as they are")
          .containsExactly(
              List.of("0044-03-15 BC", "0044-03-15 00:00:00 BC"),
              List.of("1000-03-15", "1000-03-15 00:00:00"));
      bed().sql("INSERT INTO " + days + " VALUES (4, 'infinity')");
      assertThat(capture.failure())
          .isInstanceOf(OperatorException.class)
          .hasMessageContaining("without = [day]");
    }
  }

  @Test
  void aTableThatDoesNotLogRowsAsTheyWereIsRefused() throws Exception {
    CaptureBed.Site site = site();
    bed().sql("ALTER TABLE " + table("sales") + " REPLICA IDENTITY DEFAULT");
    try (Running capture = site.start()) {
      assertThat(capture.failure())
          .isInstanceOf(MisfitException.class)
          .hasMessageContaining("ALTER TABLE " + table("sales") + " REPLICA IDENTITY FULL");
    }
    site.map(mapping("amount", "on-update = ignore, on-delete = ignore"));
    try (Running _ = site.start()) {
      sell("(1, 1, 5.00, '2024-07-12 15:57:33', NULL)");
      await().atMost(SOON).until(() -> site.sums().equals(Map.of("1", 500L)));
    }
  }
}
