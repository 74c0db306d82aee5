package io.spendwatch.streams.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.streams.capture.change.ColumnType;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CaptureMappingTest {
  private static final String GOOD =
      "purchases = [{ table = a.b, id = \"{id}\", user-id = \"{user}\", amount = price, currency ="
          + " EUR, event-time = at }]";

  private static CaptureMapping read(String text) {
    return CaptureMapping.from(ConfigFactory.parseString(text));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "id = \"{id}\"      | id = \"{id\"              | capture.purchases.1.id: {id (expected: a text with {column} in it, each { with its })",
        "id = \"{id}\"      | id = \"\"                 | capture.purchases.1.id: \"\" (expected",
        "id = \"{id}\"      | id = \"x}y{z}\"           | capture.purchases.1.id",
        "amount = price     | amount = []               | capture.purchases.1.amount: [] (expected",
        "amount = price     | amount = price, amount-unit = cents | capture.purchases.1.amount-unit: cents (expected: major",
        "amount = price     | amuont = price            | amount",
        "event-time = at    | event-time { column = at, zone = Mars } | capture.purchases.1.event-time.zone: Mars (expected",
        "event-time = at    | event-time { column = at, unit = days } | capture.purchases.1.event-time.unit: days (expected",
        "event-time = at    | event-time { column = at, zon = UTC }   | did you mean zone?",
        "event-time = at    | event-time = at, on-update = drop       | capture.purchases.1.on-update: drop (expected: correct, dead-letter or ignore)",
        "event-time = at    | event-time = at, merchnat = x           | did you mean merchant?",
      })
  void whatIsWrongIsNamed(String good, String bad, String message) {
    String text = GOOD.replace(good.strip(), bad.strip());
    assertThatThrownBy(() -> read(text)).hasMessageContaining(message.strip());
  }

  @Test
  void aTableIsNamedOnce() {
    assertThatThrownBy(() -> read(GOOD + "\n" + GOOD.replace("purchases", "refunds")))
        .hasMessageContaining("capture.refunds.1.table: a.b");
  }

  @Test
  void someTableIsNamed() {
    assertThatThrownBy(() -> read("purchases = []")).hasMessageContaining("no table");
  }

  @Test
  void everyMisfitIsNamed() {
    CaptureMapping mapping =
        read(
            GOOD
                + "\nbalances = [{ table = a.users, user-id = \"{id}\", balance = rest, currency ="
                + " EUR }, { table = a.user, user-id = x, balance = y, currency = EUR }]");
    assertThat(
            mapping.misfits(
                Map.of(
                    "a.b",
                    Map.of(
                        "id", ColumnType.INTEGER,
                        "userr", ColumnType.TEXT,
                        "price", ColumnType.FLOATING_POINT,
                        "at", ColumnType.LOCAL_DATE_TIME),
                    "a.users",
                    Map.of("id", ColumnType.INTEGER, "rest", ColumnType.DECIMAL))))
        .containsExactly(
            "there is no table a.user (did you mean a.users?)",
            "table a.b has no column user (did you mean userr?)",
            "column price of table a.b is of type floating point (expected: an exact number:"
                + " DECIMAL, NUMERIC or an integer)",
            "column at of table a.b has no zone: say in event-time which it is, such as zone ="
                + " \"Europe/Berlin\"");
  }

  @Test
  void whatFitsIsSilent() {
    assertThat(
            read(GOOD)
                .misfits(
                    Map.of(
                        "a.b",
                        Map.of(
                            "id", ColumnType.OTHER,
                            "user", ColumnType.TEXT,
                            "price", ColumnType.INTEGER,
                            "at", ColumnType.INSTANT,
                            "more", ColumnType.FLOATING_POINT))))
        .isEmpty();
  }

  @Test
  void balancesComeFirst() {
    CaptureMapping mapping =
        read(
            GOOD
                + "\nbalances = [{ table = z.users, user-id = \"{id}\", balance = rest, currency ="
                + " EUR }]");
    assertThat(List.copyOf(mapping.tables())).containsExactly("z.users", "a.b");
    assertThat(mapping.tablesThatNeedFormerRows()).containsExactly("a.b");
  }
}
