package io.spendwatch.ops.alerts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AlertPositionTest {
  private static final String TOPIC_ID = "Ab3d-E_9xxxxxxxxxxxxxx";
  private static final AlertPosition PLACE = AlertPosition.of(TOPIC_ID, 15, 0, 7);

  @Test
  void isTheSameAfterItsWayAsText() {
    assertThat(PLACE).hasToString("Ab3d-E_9.15.0.7");
    assertThat(AlertPosition.parse(PLACE.toString())).isEqualTo(PLACE).hasSameHashCodeAs(PLACE);
    assertThat(PLACE)
        .isNotEqualTo(AlertPosition.of(TOPIC_ID, 15, 0, 8))
        .isNotEqualTo(AlertPosition.of("other", 15, 0, 7));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "15",
        "Ab3d-E_9",
        "Ab3d-E_9.",
        "Ab3d-E_9.1.",
        "Ab3d-E_9.-1",
        "Ab3d-E_9.x",
        "Ab3d-E_9. 1",
        "Ab3d-E_9.٣",
        "Ab3d-E_9.9999999999999999999",
        ".1",
        "Ab3d-E_9x.1",
        "Ab\nd.1"
      })
  void otherTextIsNone(String text) {
    assertThatThrownBy(() -> AlertPosition.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not the id of an alert's event");
  }

  @Test
  void aTextOfAnyLengthIsNotParsed() {
    assertThatThrownBy(() -> AlertPosition.parse("t" + ".1".repeat(4001)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void movesOnInOnePartition() {
    assertThat(PLACE.after(1, 3)).isEqualTo(AlertPosition.of(TOPIC_ID, 15, 4, 7));
    assertThat(PLACE.next(1)).isZero();
  }

  @Test
  void aPartitionThatWasAddedBeginsAt0() {
    assertThat(PLACE.next(3)).isZero();
    assertThat(PLACE.after(4, 9)).isEqualTo(AlertPosition.of(TOPIC_ID, 15, 0, 7, 0, 10));
    assertThat(PLACE.isCoveredBy(AlertPosition.of(TOPIC_ID, 15, 0, 7, 2))).isTrue();
    assertThat(AlertPosition.of(TOPIC_ID, 15, 0, 7, 2).isCoveredBy(PLACE)).isFalse();
  }

  @Test
  void placesOfDifferentNodesMayBothHaveWhatTheOtherHasNot() {
    AlertPosition other = AlertPosition.of(TOPIC_ID, 14, 3, 7);
    assertThat(PLACE.isCoveredBy(other)).isFalse();
    assertThat(other.isCoveredBy(PLACE)).isFalse();
    assertThat(PLACE.or(other)).isEqualTo(AlertPosition.of(TOPIC_ID, 15, 3, 7));
  }
}
