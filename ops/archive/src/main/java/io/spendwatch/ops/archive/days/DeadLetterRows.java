package io.spendwatch.ops.archive.days;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.deadletters.DeadLetterTopics;
import io.spendwatch.protocol.DeadLetters;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;

/** Dead letters as rows: whole records, as long as Kafka keeps them. For one thread. */
public final class DeadLetterRows implements DayWriter.Letters {
  private final DeadLetterTopics topics;

  public DeadLetterRows(DeadLetterTopics topics) {
    this.topics = topics;
  }

  @Override
  public void read(LocalDate day, Consumer<Object[]> each) {
    topics.read(
        day.atStartOfDay().toInstant(ZoneOffset.UTC),
        day.plusDays(1).atStartOfDay().toInstant(ZoneOffset.UTC),
        letter -> each.accept(row(letter)));
  }

  private static Object[] row(ConsumerRecord<byte[], byte[]> letter) {
    return new Object[] {
      letter.topic(),
      (long) letter.partition(),
      letter.offset(),
      Math.multiplyExact(letter.timestamp(), 1000L),
      text(letter, DeadLetters.REASON),
      text(letter, DeadLetters.MESSAGE),
      letter.key(),
      letter.value(),
      headers(letter)
    };
  }

  /** What is no UTF-8 is replaced; the headers have it as it was. */
  private static String text(ConsumerRecord<byte[], byte[]> letter, String name) {
    Header header = letter.headers().lastHeader(name);
    return header == null || header.value() == null
        ? null
        : new String(header.value(), UTF_8).replace("\0", "\uFFFD");
  }

  /** JSON: names and values, these in Base64; a value that is null stays so. */
  private static String headers(ConsumerRecord<byte[], byte[]> letter) {
    List<String[]> headers = new ArrayList<>();
    for (Header header : letter.headers()) {
      headers.add(
          new String[] {
            header.key(),
            header.value() == null ? null : Base64.getEncoder().encodeToString(header.value())
          });
    }
    return Json.write(headers);
  }
}
