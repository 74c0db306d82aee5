package io.spendwatch.ops.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class TerminalTest {
  @Test
  void aTerminalSaysHowWideItIsUnlessTheEnvironmentDoes() {
    assertThat(Terminal.of(Map.of(), OptionalInt.of(132))).isEqualTo(new Terminal(true, 132, true));
    assertThat(Terminal.of(Map.of("COLUMNS", "100"), OptionalInt.of(132)).columns()).isEqualTo(100);
    assertThat(Terminal.of(Map.of("COLUMNS", "wide"), OptionalInt.of(0)).columns()).isEqualTo(80);
  }

  @Test
  void aPipeHasNoColours() {
    assertThat(Terminal.of(Map.of(), OptionalInt.empty())).isEqualTo(Terminal.NONE);
    assertThat(Terminal.of(Map.of("COLUMNS", "120"), OptionalInt.empty()).columns()).isEqualTo(120);
  }

  @Test
  void whoWantsNoColoursHasNone() {
    assertThat(Terminal.of(Map.of("NO_COLOR", "1"), OptionalInt.of(80)).hasColour()).isFalse();
    assertThat(Terminal.of(Map.of("TERM", "dumb"), OptionalInt.of(80)).hasColour()).isFalse();
  }

  @Test
  void linesAreBrokenAtSpacesAndLongWordsAreCut() {
    assertThat(Wrapped.lines("one two three", "  ", 9)).containsExactly("  one two", "  three");
    assertThat(Wrapped.lines("a 123456789 b", "", 4)).containsExactly("a", "1234", "5678", "9 b");
    assertThat(Wrapped.cut("abcdef", 4)).isEqualTo("abc…");
    assertThat(Wrapped.cutWithin("abcdefgh", 6)).isEqualTo("abc…gh");
    assertThat(Wrapped.cutWithin("abcdefgh", 8)).isEqualTo("abcdefgh");
  }
}
