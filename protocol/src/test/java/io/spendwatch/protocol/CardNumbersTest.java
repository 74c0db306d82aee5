package io.spendwatch.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.UUID;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CardNumbersTest {

  /** The schemes' own numbers for tests. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "4111111111111111",
        "4222222222222",
        "5555555555554444",
        "2223003122003222",
        "378282246310005",
        "3782 822463 10005",
        "6011111111111117",
        "3530111333300000",
        "30569309025904",
        "6200000000000005",
        "shop, 4111-1111-1111-1111, Oslo",
        "card=4111 1111 1111 1111",
        "auth_4111111111111111_1",
      })
  void findsTheNumberOfACard(String text) {
    assertThat(CardNumbers.find(text)).isPresent();
    assertThat(CardNumbers.find(CardNumbers.masked(text))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "4111111111111112", // another check digit
        "1234567812345670", // nobody issues it
        "41111111111111111111", // too long
        "411111111111", // too short
        "a4111111111111111", // a part of something else
        "4111111111111111f",
        "4111 1111-1111 1111",
        "12345678-4111-4111-8111-411111111111",
        "1720799853120", // an instant
        "20240712155733120",
        "1811111111111111111", // a number that counts, by time
        "m-17",
      })
  void takesNothingElseForOne(String text) {
    assertThat(CardNumbers.find(text)).isEmpty();
    assertThat(CardNumbers.masked(text)).isEqualTo(text);
  }

  @Test
  void takesNoUuidForOne() {
    Random random = new Random(5);
    assertThat(
            IntStream.range(0, 1_000_000)
                .mapToObj(i -> new UUID(random.nextLong(), random.nextLong()).toString())
                .filter(id -> CardNumbers.find(id).isPresent()))
        .isEmpty();
  }

  @Test
  void masksWhateverTheLetterHasOfIt() {
    ConsumerRecord<byte[], byte[]> record =
        new ConsumerRecord<>(
            "t",
            0,
            7,
            "4111111111111111".getBytes(UTF_8),
            "{\"userId\":\"4111111111111111\",\"merchant\":\"ö 4111 1111 1111 1111\"}"
                .getBytes(UTF_8));
    record.headers().add("trace", "card 4111111111111111".getBytes(UTF_8));
    ProducerRecord<byte[], byte[]> letter =
        DeadLetters.of(record, "t.dlq", DeadLetterReason.PAN_SUSPECTED, "why");
    assertThat(letter.key()).asString(UTF_8).isEqualTo("************1111");
    assertThat(letter.value())
        .asString(UTF_8)
        .isEqualTo("{\"userId\":\"************1111\",\"merchant\":\"ö **** **** **** 1111\"}");
    assertThat(letter.headers().lastHeader("trace").value())
        .asString(UTF_8)
        .isEqualTo("card ************1111");
    assertThat(letter.headers().lastHeader(DeadLetters.MASKED)).isNotNull();
    assertThat(DeadLetters.of(record, "t.dlq", DeadLetterReason.BAD_KIND, "why").key())
        .as("only where that is why")
        .asString(UTF_8)
        .isEqualTo("4111111111111111");
  }

  /** What is written in other ways than it is read cannot be masked where it stands. */
  @Test
  void omitsAValueThatHidesIt() {
    byte[] value = "{\"merchant\":\"\\u0034111111111111111\"}".getBytes(UTF_8);
    ProducerRecord<byte[], byte[]> letter =
        DeadLetters.of(
            new ConsumerRecord<>("t", 0, 7, null, value),
            "t.dlq",
            DeadLetterReason.PAN_SUSPECTED,
            "why");
    assertThat(letter.value()).isNull();
    assertThat(letter.headers().lastHeader(DeadLetters.VALUE_OMITTED).value())
        .asString(UTF_8)
        .isEqualTo(Integer.toString(value.length));
  }
}
