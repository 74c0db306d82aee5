package io.spendwatch.ops.capture;

import static io.spendwatch.ops.capture.CaptureBed.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.capture.CaptureBed.Running;
import io.spendwatch.ops.lab.sandbox.database.BusinessServer.Engine;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MariaDbCaptureIT extends WarehouseContract {
  MariaDbCaptureIT() {
    super(Engine.MARIADB);
  }

  @Override
  List<TypeCase> types() {
    String nines = "9".repeat(35) + "." + "9".repeat(30);
    return List.of(
        new TypeCase("TINYINT", "smallint", "-128", "-128", "127", "127"),
        new TypeCase("TINYINT UNSIGNED", "smallint", "0", "0", "255", "255"),
        new TypeCase("TINYINT(1)", "smallint", "2", "2"),
        new TypeCase("SMALLINT", "smallint", "-32768", "-32768", "32767", "32767"),
        new TypeCase("SMALLINT UNSIGNED", "integer", "65535", "65535"),
        new TypeCase("MEDIUMINT", "integer", "-8388608", "-8388608"),
        new TypeCase("MEDIUMINT UNSIGNED", "integer", "16777215", "16777215"),
        new TypeCase("INT", "integer", "-2147483648", "-2147483648"),
        new TypeCase("INT UNSIGNED", "bigint", "4294967295", "4294967295"),
        new TypeCase("INT(8) UNSIGNED ZEROFILL", "bigint", "7", "7"),
        new TypeCase(
            "BIGINT",
            "bigint",
            "-9223372036854775808",
            "-9223372036854775808",
            "9223372036854775807",
            "9223372036854775807"),
        new TypeCase(
            "BIGINT UNSIGNED",
            "numeric(20,0)",
            "18446744073709551615",
            "18446744073709551615",
            "0",
            "0"),
        new TypeCase("DECIMAL(65,30)", "numeric(65,30)", nines, nines, "-" + nines, "-" + nines),
        new TypeCase(
            "DECIMAL(10,2)", "numeric(10,2)", "-0.01", "-0.01", "99999999.99", "99999999.99"),
        new TypeCase("DECIMAL(10,2) UNSIGNED", "numeric(10,2)", "0.01", "0.01"),
        new TypeCase(
            "DECIMAL(20)", "numeric(20,0)", "12345678901234567890", "12345678901234567890"),
        new TypeCase(
            "FLOAT",
            "real",
            "3.4028234e38",
            "3.4028235e+38",
            "16777215",
            "1.6777215e+07",
            "0.1",
            "0.1"),
        new TypeCase(
            "DOUBLE",
            "double precision",
            "1.7976931348623157e308",
            "1.7976931348623157e+308",
            "-2.2250738585072014e-308",
            "-2.2250738585072014e-308",
            "0.1",
            "0.1"),
        new TypeCase("BIT(1)", "boolean", "b'1'", "true", "b'0'", "false"),
        new TypeCase(
            "BIT(13)", "bit(13)", "b'1000000000011'", "1000000000011", "b'1'", "0000000000001"),
        new TypeCase("BIT(64)", "bit(64)", "~0", "1".repeat(64), "1", "0".repeat(63) + "1"),
        new TypeCase("CHAR(5)", "text", "'é🦊'", "é🦊", "''", ""),
        new TypeCase(
            "VARCHAR(80)",
            "text",
            "'it''s \\\\ {\"a\",NULL}\\t\\n '",
            "it's \\ {\"a\",NULL}\t\n ",
            "'NULL'",
            "NULL",
            "'👩‍👩‍👧'",
            "👩‍👩‍👧"),
        new TypeCase("VARCHAR(20) CHARACTER SET latin1", "text", "'Ærø'", "Ærø"),
        new TypeCase("TEXT", "text", "repeat('🦊', 10000)", "🦊".repeat(10000)),
        new TypeCase("LONGTEXT", "text", "'x'", "x"),
        new TypeCase("JSON", "text", "'{\"a\": 1.50}'", "{\"a\": 1.50}"),
        new TypeCase("ENUM('a','é')", "text", "'é'", "é", "'a'", "a"),
        new TypeCase("SET('x','y')", "text", "'x,y'", "x,y", "''", ""),
        new TypeCase("BINARY(4)", "bytea", "x'00FF0000'", "\\x00ff0000", "x'00'", "\\x00000000"),
        new TypeCase("VARBINARY(9)", "bytea", "x'FF00'", "\\xff00", "''", "\\x"),
        new TypeCase("BLOB", "bytea", "repeat(x'00FE', 20000)", "\\x" + "00fe".repeat(20000)),
        new TypeCase("DATE", "date", "'1000-01-01'", "1000-01-01", "'9999-12-31'", "9999-12-31"),
        new TypeCase(
            "TIME(6)",
            "interval",
            "'-838:59:59.999999'",
            "-838:59:59.999999",
            "'838:59:59.999999'",
            "838:59:59.999999",
            "'10:11:12'",
            "10:11:12"),
        new TypeCase("TIME", "interval", "'24:00:00'", "24:00:00"),
        new TypeCase(
            "DATETIME(6)",
            "timestamp without time zone",
            "'1000-01-01 00:00:00.000001'",
            "1000-01-01 00:00:00.000001",
            "'9999-12-31 23:59:59.999999'",
            "9999-12-31 23:59:59.999999",
            "'2026-03-29 02:30:00'",
            "2026-03-29 02:30:00"),
        new TypeCase(
            "DATETIME",
            "timestamp without time zone",
            "'2026-07-01 10:11:12'",
            "2026-07-01 10:11:12"),
        new TypeCase(
            "TIMESTAMP(6)",
            "timestamp with time zone",
            "'1970-01-01 00:00:01.000001'",
            "1970-01-01 00:00:01.000001+00",
            "'2038-01-19 03:14:07.999999'",
            "2038-01-19 03:14:07.999999+00"),
        new TypeCase("YEAR", "smallint", "1901", "1901", "2155", "2155"),
        new TypeCase(
            "UUID",
            "uuid",
            "'ffffffff-0000-1111-8888-ffffffffffff'",
            "ffffffff-0000-1111-8888-ffffffffffff"));
  }

  @Override
  String unheld() {
    return "INET6";
  }

  @Test
  void aLogThatIsPurgedStopsItAndNothingIsSentBySnapshotUnlessAsked() throws Exception {
    CaptureBed.Site site = site();
    try (Running _ = site.start()) {
      sell("(1, 1, 5.00, '2024-07-12 15:57:33', NULL)");
      await().atMost(SOON).until(() -> site.sums().equals(Map.of("1", 500L)));
    }
    sell("(2, 1, 1.00, '2024-07-12 15:57:33', NULL)");
    bed().sql("FLUSH BINARY LOGS");
    String last = bed().rows("SHOW BINARY LOGS").getLast().getFirst();
    // Not while somebody is seen reading it.
    await()
        .atMost(SOON)
        .until(
            () -> {
              bed().sql("PURGE BINARY LOGS TO '" + last + "'");
              return bed().rows("SHOW BINARY LOGS").size() == 1;
            });
    try (Running capture = site.start()) {
      assertThat(capture.failure())
          .isInstanceOf(OperatorException.class)
          .hasMessageContaining("was purged")
          .hasMessageContaining("capture --snapshot");
    }
    assertThat(site.transactions()).hasSize(1);
    try (Running _ = site.startWithSnapshot()) {
      await().atMost(SOON).until(() -> site.sums().equals(Map.of("1", 600L)));
      sell("(3, 1, 1.00, '2024-07-12 15:57:33', NULL)");
      await().atMost(SOON).until(() -> site.sums().equals(Map.of("1", 700L)));
    }
  }
}
