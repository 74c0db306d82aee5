package io.spendwatch.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;

class DeadLettersTest {

  private static final byte[] KEY = {0, -1};
  private static final byte[] VALUE = {'{', -2};

  @Test
  void keepsTheRecordAsItCameAndSaysWhereFromAndWhy() {
    ConsumerRecord<byte[], byte[]> bad = record(KEY, VALUE);
    bad.headers().add("trace", new byte[] {7}).add("nothing", null);

    ProducerRecord<byte[], byte[]> letter =
        DeadLetters.of(bad, "transactions.dlq", DeadLetterReason.MALFORMED_JSON, "no ünicode");

    assertThat(letter.topic()).isEqualTo("transactions.dlq");
    assertThat(letter.partition()).isNull();
    assertThat(letter.key()).isSameAs(KEY);
    assertThat(letter.value()).isSameAs(VALUE);
    assertThat(letter.headers().lastHeader("trace").value()).containsExactly(7);
    assertThat(letter.headers().lastHeader("nothing").value()).isNull();
    assertThat(text(letter, DeadLetters.REASON)).isEqualTo("MALFORMED_JSON");
    assertThat(text(letter, DeadLetters.MESSAGE)).isEqualTo("no ünicode");
    assertThat(text(letter, DeadLetters.TOPIC)).isEqualTo("transactions");
    assertThat(text(letter, DeadLetters.PARTITION)).isEqualTo("3");
    assertThat(text(letter, DeadLetters.OFFSET)).isEqualTo("1234");
    assertThat(text(letter, DeadLetters.TIMESTAMP)).isEqualTo("1720799853120");
    assertThat(bad.headers().toArray()).hasSize(2);
  }

  @Test
  void takesARecordWithoutKeyAndValue() {
    ProducerRecord<byte[], byte[]> letter =
        DeadLetters.of(record(null, null), "t.dlq", DeadLetterReason.NO_VALUE, "nothing there");

    assertThat(letter.key()).isNull();
    assertThat(letter.value()).isNull();
  }

  @Test
  void countsLettersByUser() {
    byte[] user = "ü7".getBytes(UTF_8);
    ProducerRecord<byte[], byte[]> alert = new ProducerRecord<>("alerts", user, VALUE);

    assertThat(
            DeadLetters.byUser(
                List.of(
                    letter(user), alert, letter("u8".getBytes(UTF_8)), letter(user), letter(null))))
        .isEqualTo(Map.of("ü7", 2, "u8", 1));
    // Whoever sends it: no user's id is so long, and none is kept in memory.
    assertThat(DeadLetters.byUser(List.of(letter(new byte[257])))).isEmpty();
  }

  @Test
  void bindsTheLengthOfTheMessage() {
    ProducerRecord<byte[], byte[]> letter =
        DeadLetters.of(record(KEY, VALUE), "t.dlq", DeadLetterReason.BAD_TEXT, "𝄞".repeat(10_000));

    String message = text(letter, DeadLetters.MESSAGE);
    assertThat(message.codePointCount(0, message.length()))
        .isEqualTo(DeadLetters.MESSAGE_CHARACTERS_MAX);
    assertThat(message).endsWith("𝄞…");
  }

  private static ConsumerRecord<byte[], byte[]> record(byte[] key, byte[] value) {
    return new ConsumerRecord<>(
        "transactions",
        3,
        1234,
        1720799853120L,
        TimestampType.CREATE_TIME,
        0,
        0,
        key,
        value,
        new RecordHeaders(),
        Optional.empty());
  }

  private static ProducerRecord<byte[], byte[]> letter(byte[] key) {
    return DeadLetters.of(record(key, VALUE), "t.dlq", DeadLetterReason.BAD_AMOUNT, "no");
  }

  private static String text(ProducerRecord<byte[], byte[]> letter, String header) {
    return new String(letter.headers().lastHeader(header).value(), UTF_8);
  }
}
