package io.spendwatch.ops.capture.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.capture.config.SourceAddress.Product;
import io.spendwatch.ops.capture.config.SourceAddress.Tls;
import io.spendwatch.streams.capture.BalanceClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CaptureConfigTest {
  private static final String GOOD =
      """
      capture {
        name = shop
        source { uri = "postgresql://db.example/shop", user = u, password = opensesame }
        balances = [{ table = a.b, user-id = "{id}", balance = rest, currency = EUR }]
      }
      """;

  @TempDir private Path directory;

  private CaptureConfig load(String text) throws IOException {
    Path file = directory.resolve("capture.conf");
    Files.writeString(file, text);
    return CaptureConfig.load(file.toFile());
  }

  @ParameterizedTest
  @ValueSource(strings = {"capture-shop.conf", "capture-store.conf"})
  void samplesAreGood(String name) {
    System.setProperty("capture.source.user", "somebody");
    try {
      CaptureConfig config =
          CaptureConfig.load(Path.of("..", "..", "docs", "samples", name).toFile());
      assertThat(config.mapping().tables()).isNotEmpty();
    } finally {
      System.clearProperty("capture.source.user");
    }
  }

  @Test
  void defaultsAreSafe() throws IOException {
    CaptureConfig config = load(GOOD);
    assertThat(config.source().port()).isEqualTo(5432);
    assertThat(config.source().tls()).as("beyond this machine").isEqualTo(Tls.VERIFY_FULL);
    assertThat(load(GOOD.replace("db.example", "localhost")).source().tls()).isEqualTo(Tls.DISABLE);
    CaptureConfig mariaDb = load(GOOD.replace("postgresql", "mysql"));
    assertThat(mariaDb.source().product()).isEqualTo(Product.MARIADB);
    assertThat(mariaDb.source().port()).isEqualTo(3306);
    assertThat(mariaDb.serverId())
        .isEqualTo(load(GOOD.replace("postgresql", "mariadb")).serverId());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "name = shop         | name = Shop-1          | capture.name: Shop-1 (expected",
        "name = shop         | name = shop, nmae = x  | unknown settings [nmae]",
        "postgresql://       | oracle://              | capture.source.uri: oracle://db.example/shop (expected: postgresql://",
        "db.example/shop     | db.example             | capture.source.uri",
        "user = u,           |                        | capture.source.user",
        "user = u            | user = u, usr = v      | did you mean user?",
        "user = u            | user = u, tls = maybe  | capture.source.tls: maybe (expected: disable, require or verify-full)",
        "balance = rest      | ballance = rest        | balance",
      })
  void whatIsWrongIsOneLine(String good, String bad, String message) {
    String text = GOOD.replace(good.strip(), bad == null ? "" : bad.strip());
    assertThatThrownBy(() -> load(text))
        .isInstanceOf(OperatorException.class)
        .hasMessageContaining(message.strip())
        .hasMessageNotContaining("opensesame");
  }

  @Test
  void aFileThatIsNoHoconIsNotRepeated() {
    assertThatThrownBy(() -> load(GOOD.replace("opensesame", "open sesame}")))
        .isInstanceOf(OperatorException.class)
        .hasMessageNotContaining("sesame");
  }

  @Test
  void aPositionIsReadAsItWasWritten() {
    var position =
        new Position.InLog(
            new HashMap<>(Map.of("lsn", 25_000L, "snapshot", "x", "done", true)),
            new BalanceClock.State(1_752_000_000_000L, Map.of("1", 1_752_000_000_003L)),
            Set.of("public.users"));
    assertThat(Position.Json.read("t/0/1", Position.Json.write(position))).isEqualTo(position);
    assertThat(Position.Json.read("t/0/1", Position.Json.write(new Position.InSnapshot())))
        .isEqualTo(new Position.InSnapshot());
    assertThatThrownBy(() -> Position.Json.read("t/0/1", new byte[] {'{', '}'}))
        .isInstanceOf(OperatorException.class)
        .hasMessageContaining("t/0/1");
  }

  private static final String WAREHOUSE =
      """
      capture {
        name = shop
        source { uri = "mysql://db.example/shop", user = u, password = opensesame }
        warehouse {
          uri = "postgresql://127.0.0.1/w", user = w, password = sesameagain
          tables = [ { table = shop.orders }, { table = shop.lines, target = items, without = [note] } ]
        }
      }
      """;

  private CaptureConfig loadWarehouse(String text) throws IOException {
    Path file = directory.resolve("capture.conf");
    Files.writeString(file, text);
    return CaptureConfig.load(file.toFile(), CapturePath.WAREHOUSE);
  }

  @Test
  void aWarehouseNeedsNoMapping() throws IOException {
    CaptureConfig config = loadWarehouse(WAREHOUSE);
    assertThat(config.tables()).containsExactly("shop.orders", "shop.lines");
    assertThat(config.logName()).as("both paths may be walked at once").isEqualTo("shop_warehouse");
    assertThat(config.warehouse().orElseThrow().tables())
        .extracting(WarehouseTable::target)
        .containsExactly("orders", "items");
    assertThatThrownBy(() -> load(WAREHOUSE)).hasMessageContaining("no table");
    assertThatThrownBy(() -> loadWarehouse(GOOD)).hasMessageContaining("capture.warehouse.uri");
    String address = GOOD + "capture.warehouse { uri = \"postgresql://127.0.0.1/w\", user = w }";
    assertThat(load(address).warehouse()).as("concerns only who goes there").isEmpty();
    assertThatThrownBy(() -> loadWarehouse(address))
        .hasMessageContaining("capture.warehouse.tables: none");
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, db.example, capture.warehouse.uri: db.example:5432 (expected: an sslmode",
    "target = items, target = orders, capture.warehouse.tables: orders",
    "target = items, target = spendwatch_capture, capture.warehouse.tables: spendwatch_capture",
    "shop.lines, lines, capture.warehouse.tables.2.table: lines",
    "without, withot, 'capture.warehouse.tables.2'': unknown settings [withot]'",
    "user = w, 'user = \"\"', capture.warehouse.user"
  })
  void aWrongWarehouseIsNamed(String good, String bad, String message) {
    assertThatThrownBy(() -> loadWarehouse(WAREHOUSE.replace(good, bad == null ? "" : bad)))
        .isInstanceOf(OperatorException.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("sesame");
  }
}
