package io.spendwatch.streams.quarantine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Decoded;
import io.spendwatch.streams.life.Defect;
import java.util.List;
import java.util.stream.LongStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

class SuspectsTest {
  private static final int TRIES_MAX = 3;

  private final Suspects none = Suspects.none(TRIES_MAX);

  @Test
  void trustsAllAtFirst() {
    assertThat(none.contains(0)).isFalse();
    assertThat(none.isCondemned(0)).isFalse();
  }

  @Test
  void suspectsAllRecordsOfABatchThatFailed() {
    Suspects suspects = none.after(defect(10, 11, 14));
    assertThat(suspected(suspects)).containsExactly(10L, 11L, 12L, 13L, 14L);
    assertThat(suspects.isCondemned(10)).isFalse();
  }

  @Test
  void condemnsARecordThatFailedAloneOftenEnough() {
    Suspects suspects = none.after(defect(10, 11, 12));
    for (int tries = 1; tries < TRIES_MAX; tries++) {
      suspects = suspects.after(defect(11));
      assertThat(suspects.isCondemned(11)).isFalse();
    }
    suspects = suspects.after(defect(11));
    assertThat(suspects.isCondemned(11)).isTrue();
    assertThat(suspects.triesOf(11)).isEqualTo(TRIES_MAX);
    assertThat(suspected(suspects)).containsExactly(10L, 11L, 12L);
    assertThat(decode(suspects, 10)).isEqualTo(new Decoded.Valid<>("10"));
    assertThat(decode(suspects, 11))
        .isEqualTo(new Decoded.Rejected<>(DeadLetterReason.INTERNAL_ERROR, "Error: 11"));
  }

  @Test
  void remembersWhoIsCondemnedWhileALaterOneFails() {
    Suspects suspects = none;
    for (long offset : new long[] {11, 11, 11, 13, 13, 13}) {
      suspects = suspects.after(defect(offset));
    }
    assertThat(suspects.isCondemned(11)).isTrue();
    assertThat(suspects.isCondemned(13)).isTrue();
    assertThat(suspected(suspects)).containsExactly(11L, 12L, 13L);
  }

  @Test
  void forgetsWhatIsCommitted() {
    Suspects suspects = none.after(defect(10, 14)).after(defect(11)).after(defect(13));
    Suspects rest = suspects.from(13);
    assertThat(suspected(rest)).containsExactly(13L, 14L);
    assertThat(rest.triesOf(11)).isZero();
    assertThat(rest.triesOf(13)).isOne();
    assertThat(suspected(suspects.from(20))).isEmpty();
    assertThat(suspected(suspects.from(20).after(defect(22, 23)))).containsExactly(22L, 23L);
  }

  @Test
  void takesSuspectsAloneAndTheOthersTogether() {
    BatchBound bound = new BatchBound(10, 1_000, none.after(defect(3, 5)));
    List<ConsumerRecord<byte[], byte[]>> polled =
        LongStream.range(0, 9).mapToObj(SuspectsTest::record).toList();
    assertThat(bound.split(polled)).extracting(List::size).containsExactly(3, 1, 1, 1, 3);
    // Nor are they put together later, while they wait.
    assertThat(bound.cost(polled.get(3))).isEqualTo(bound.costMax());
  }

  private static List<Long> suspected(Suspects suspects) {
    return LongStream.range(0, 30).filter(suspects::contains).boxed().toList();
  }

  private static Decoded<String> decode(Suspects suspects, long offset) {
    return suspects
        .<String>orElse(record -> new Decoded.Valid<>(new String(record.value(), UTF_8)))
        .apply(record(offset));
  }

  /** Of a batch with records at these offsets. */
  private static Defect defect(long... offsets) {
    return new Defect(
        LongStream.of(offsets).mapToObj(SuspectsTest::record).toList(),
        new Error(Long.toString(offsets[0])));
  }

  private static ConsumerRecord<byte[], byte[]> record(long offset) {
    return new ConsumerRecord<>(
        "t", 0, offset, new byte[] {'u'}, Long.toString(offset).getBytes(UTF_8));
  }
}
