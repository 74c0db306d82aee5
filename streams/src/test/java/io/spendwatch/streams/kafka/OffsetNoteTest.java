package io.spendwatch.streams.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullAndEmptySource;
import org.junit.jupiter.params.provider.ValueSource;

class OffsetNoteTest {
  @ParameterizedTest
  @ValueSource(longs = {0, 1, 123, 999_999_999_999_999_999L})
  void readsWhatItWrote(long seq) {
    assertThat(OffsetNote.publishedAlertSeq(OffsetNote.of(seq))).hasValue(seq);
  }

  @ParameterizedTest
  @NullAndEmptySource
  @ValueSource(
      strings = {"v2;seq=1", "v1;seq=", "v1;seq=-1", "v1;seq=1 ", "v1;seq=99999999999999999999"})
  void knowsNothingFromWhatIsNotOurs(String metadata) {
    assertThat(OffsetNote.publishedAlertSeq(metadata)).isEmpty();
  }

  @Test
  void isShort() {
    // Brokers take 4,096 bytes by default.
    assertThat(OffsetNote.of(Long.MAX_VALUE).length()).isLessThan(64);
  }
}
