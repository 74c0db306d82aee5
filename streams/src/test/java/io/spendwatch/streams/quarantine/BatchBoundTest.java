package io.spendwatch.streams.quarantine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;

class BatchBoundTest {
  private static final int ROWS_MAX = 10;
  private static final int BYTES_MAX = 1_000;

  private final BatchBound bound = new BatchBound(ROWS_MAX, BYTES_MAX, Suspects.none(1));

  @Test
  void keepsBothBoundsWhateverTheSizes() {
    long seed = 20_240_712;
    Random random = new Random(seed);
    for (int round = 0; round < 500; round++) {
      List<ConsumerRecord<byte[], byte[]>> polled =
          IntStream.range(0, random.nextInt(60))
              .mapToObj(offset -> record(offset, random.nextInt(random.nextBoolean() ? 50 : 1_500)))
              .toList();
      List<List<ConsumerRecord<byte[], byte[]>>> batches = bound.split(polled);
      assertThat(batches.stream().flatMap(List::stream).toList())
          .as("seed %d", seed)
          .isEqualTo(polled);
      assertThat(batches)
          .as("seed %d", seed)
          .allSatisfy(
              batch -> {
                assertThat(batch).isNotEmpty().hasSizeLessThanOrEqualTo(ROWS_MAX);
                assertThat(batch.size() == 1 || bytes(batch) <= BYTES_MAX).isTrue();
              });
    }
  }

  @Test
  void fillsBatchesOfSmallRecordsToTheirRows() {
    List<ConsumerRecord<byte[], byte[]>> polled =
        IntStream.range(0, 25).mapToObj(offset -> record(offset, 10)).toList();
    assertThat(bound.split(polled)).extracting(List::size).containsExactly(10, 10, 5);
  }

  @Test
  void isReachedByTheRowsOrTheBytes() {
    long row = bound.cost(record(0, 10));
    assertThat(bound.isReachedBy((ROWS_MAX - 1) * row)).isFalse();
    assertThat(bound.isReachedBy(ROWS_MAX * row)).isTrue();
    assertThat(bound.isReachedBy(bound.cost(record(0, BYTES_MAX)))).isTrue();
  }

  @Test
  void countsARecordWithoutKeyAndValueAsARow() {
    var empty =
        new ConsumerRecord<byte[], byte[]>(
            "t",
            0,
            0,
            0,
            TimestampType.CREATE_TIME,
            -1,
            -1,
            null,
            null,
            new RecordHeaders(),
            Optional.empty());
    assertThat(bound.cost(empty)).isEqualTo(bound.costMax() / ROWS_MAX);
  }

  private static int bytes(List<ConsumerRecord<byte[], byte[]>> batch) {
    return batch.stream().mapToInt(record -> record.value().length).sum();
  }

  private static ConsumerRecord<byte[], byte[]> record(long offset, int bytes) {
    return new ConsumerRecord<>(
        "t",
        0,
        offset,
        0,
        TimestampType.CREATE_TIME,
        0,
        bytes,
        new byte[0],
        new byte[bytes],
        new RecordHeaders(),
        Optional.empty());
  }
}
