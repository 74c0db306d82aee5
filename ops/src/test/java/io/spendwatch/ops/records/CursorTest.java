package io.spendwatch.ops.records;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CursorTest {
  private static final Instant AT = Instant.parse("2024-07-12T15:57:33.120001Z");

  @ParameterizedTest
  @ValueSource(strings = {"tx-1", "a|b:c", "=+/ ü€🙂", "2024-07-12T00:00:00Z|x"})
  void aPlaceComesBackWhateverTheIdIs(String id) {
    String cursor = new Place(AT, id).cursor("alerts");
    assertThat(cursor).matches("[A-Za-z0-9_-]+");
    assertThat(Place.from("alerts", cursor, null)).isEqualTo(new Place(AT, id));
  }

  @Test
  void aPageDoesNotBeginAfterTheListsEnd() {
    String cursor = new Place(AT, "t").cursor("alerts");
    Instant earlier = AT.minusSeconds(1);
    assertThat(Place.from("alerts", cursor, earlier)).isEqualTo(new Place(earlier, ""));
    assertThat(Place.from("alerts", cursor, AT.plusSeconds(1))).isEqualTo(new Place(AT, "t"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "!", "abc", "alerts:2024-07-12T00:00:00Z|x", "alerts", "YWxlcnRzOg", "%00"})
  void whatIsNoCursorIsRefused(String cursor) {
    assertThatThrownBy(() -> Place.from("alerts", cursor, null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("cursor: ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "transactions:2024-07-12T00:00:00Z|x",
        "alerts:2024-07-12|x",
        "alerts:+900000-01-01T00:00:00Z|x",
        "alerts:2024-07-12T00:00:00Z|\u0000"
      })
  void soIsOneThatSomebodyHasMade(String text) {
    String cursor = Base64.getUrlEncoder().encodeToString(text.getBytes(UTF_8));
    assertThatThrownBy(() -> Place.from("alerts", cursor, null))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
