package io.spendwatch.streams.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class UnreadableRowsTest {
  private final UnreadableRows rows = new UnreadableRows();

  @Test
  void namesARowUntilItIsReadAgain() {
    assertThat(rows.read("accounts", "u1", this::asOfInfinity)).isEmpty();
    assertThat(rows.named())
        .containsExactly(
            "accounts of \"u1\": as_of \"infinity\" (expected: a time of the years 1 to 9999)");
    assertThat(rows.keys("accounts")).containsExactly("u1");
    assertThat(rows.keys("alerts")).isEmpty();

    assertThat(rows.read("accounts", "u1", () -> 7)).isEqualTo(Optional.of(7));
    assertThat(rows.named()).isEmpty();
    assertThat(rows.found()).isOne();
  }

  @Test
  void countsARowOnceHoweverOftenItIsRead() {
    for (int i = 0; i < 10; i++) {
      assertThat(rows.read("accounts", "u1", this::asOfInfinity)).isEmpty();
    }
    assertThat(rows.found()).isOne();
    assertThat(rows.read("accounts", "u1", this::anotherReason)).isEmpty();
    assertThat(rows.found()).isEqualTo(2);
    assertThat(rows.named()).hasSize(1);
  }

  @Test
  void takesWhateverAConversionThrowsForTheRows() {
    assertThat(rows.read("transactions", "u1", this::overflow)).isEmpty();
    assertThat(rows.named()).singleElement().asString().contains("ArithmeticException");
  }

  @Test
  void forgetsWhoseRowIsGone() {
    rows.read("accounts", "u1", this::asOfInfinity);
    rows.read("accounts", "u2", this::asOfInfinity);

    rows.forgetAbsent("accounts", List.of("u1", "u2", "u3"), Set.of("u2"));

    assertThat(rows.keys("accounts")).containsExactly("u2");
  }

  @Test
  void namesABoundedNumberAndCountsTheRest() {
    var few = new UnreadableRows(2);
    for (int i = 0; i < 5; i++) {
      few.read("accounts", "u" + i, this::asOfInfinity);
    }
    assertThat(few.named()).hasSize(2);
    assertThat(few.found()).isEqualTo(5);

    few.forget("accounts", "u0");
    few.read("accounts", "u4", this::asOfInfinity);
    assertThat(few.keys("accounts")).containsExactly("u1", "u4");
  }

  @Test
  void showsForeignTextWithoutWhatATerminalObeys() {
    assertThat(UnreadableRows.shown("a\u001b[31m\nb\u202e")).isEqualTo("\"a?[31m?b?\"");
    assertThat(UnreadableRows.shown("x".repeat(100))).isEqualTo("\"" + "x".repeat(64) + "…\"");
    assertThat(UnreadableRows.shown("日本")).isEqualTo("\"日本\"");
    assertThat(UnreadableRows.shown(null)).isEqualTo("null");
  }

  private Integer asOfInfinity() {
    throw new UnreadableValue("as_of", "infinity", "a time of the years 1 to 9999");
  }

  private Integer anotherReason() {
    throw new UnreadableValue("currency", "zz ", "an ISO 4217 code");
  }

  private Integer overflow() {
    return Math.multiplyExact(Integer.MAX_VALUE, 2);
  }
}
