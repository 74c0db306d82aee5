package io.spendwatch.streams.quarantine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.DeadLetters;
import io.spendwatch.protocol.Decoded;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;

class DecodedBatchTest {
  private static final BatchBound BOUND = new BatchBound(10, 1_000, Suspects.none(1));

  @Test
  void keepsGoodOnesBesideTheirSourcesAndBadOnesAsDeadLetters() {
    DecodedBatch<String> batch = batch(7, "a", "bad", "c");
    assertThat(batch.items()).containsExactly("a", "c");
    assertThat(batch.sources()).extracting(ConsumerRecord::offset).containsExactly(7L, 9L);
    assertThat(batch.deadLetters()).singleElement().satisfies(DecodedBatchTest::isMalformed);
    assertThat(batch.nextOffset()).isEqualTo(10);
  }

  @Test
  void appendsInOrder() {
    DecodedBatch<String> batch = batch(1, "a").append(batch(2, "bad", "b"));
    assertThat(batch.items()).containsExactly("a", "b");
    assertThat(batch.deadLetters()).hasSize(1);
    assertThat(batch.nextOffset()).isEqualTo(4);
    assertThat(batch.cost()).isEqualTo(3 * BOUND.cost(record(1, "a")));
  }

  @Test
  void putsARecordAsideThatBreaksTheDecoder() {
    DecodedBatch<String> batch = batch(1, "bug", "b");
    assertThat(batch.items()).containsExactly("b");
    assertThat(reason(batch.deadLetters().getFirst()))
        .isEqualTo(DeadLetterReason.INTERNAL_ERROR.name());
  }

  @Test
  void passesOverWhatSaysNothing() {
    DecodedBatch<String> batch =
        DecodedBatch.of(
            List.of(record(1, "a"), record(2, "bug"), record(3, "bug")),
            BOUND,
            record -> record.offset() > 1,
            DecodedBatchTest::decode,
            "dead");
    assertThat(batch.items()).containsExactly("a");
    assertThat(batch.sources()).hasSize(1);
    assertThat(batch.deadLetters()).isEmpty();
    assertThat(batch.nextOffset()).isEqualTo(4);
  }

  @Test
  void isATickWhenNothingWasRead() {
    assertThat(DecodedBatch.<String>tick().isTick()).isTrue();
    assertThat(batch(0, "a").isTick()).isFalse();
  }

  /** A record of each value, at offsets from {@code firstOffset} on. */
  private static DecodedBatch<String> batch(long firstOffset, String... values) {
    List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
    for (String value : values) {
      records.add(record(firstOffset + records.size(), value));
    }
    return DecodedBatch.of(records, BOUND, DecodedBatchTest::decode, "dead");
  }

  private static Decoded<String> decode(ConsumerRecord<byte[], byte[]> record) {
    String value = new String(record.value(), UTF_8);
    return switch (value) {
      case "bad" -> new Decoded.Rejected<>(DeadLetterReason.MALFORMED_JSON, "as it says");
      case "bug" -> throw new IllegalStateException("as it says");
      default -> new Decoded.Valid<>(value);
    };
  }

  private static void isMalformed(ProducerRecord<byte[], byte[]> letter) {
    assertThat(letter.topic()).isEqualTo("dead");
    assertThat(reason(letter)).isEqualTo(DeadLetterReason.MALFORMED_JSON.name());
  }

  private static String reason(ProducerRecord<byte[], byte[]> letter) {
    return new String(letter.headers().lastHeader(DeadLetters.REASON).value(), UTF_8);
  }

  private static ConsumerRecord<byte[], byte[]> record(long offset, String value) {
    return new ConsumerRecord<>("t", 0, offset, new byte[0], value.getBytes(UTF_8));
  }
}
