package io.spendwatch.streams.layout;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.protocol.Partitioner;
import io.spendwatch.streams.layout.Homes.Place;
import io.spendwatch.streams.ledger.TopicLayout;
import io.spendwatch.streams.ledger.TopicLayout.Growth;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

class HomesTest {
  private static final Partitioner MURMUR2 = Partitioner.MURMUR2;

  @Test
  void aRecordBelongsWhereItsKeyPutsIt() {
    TopicLayout four = new TopicLayout(1, 4, List.of(), Optional.empty());
    ConsumerRecord<byte[], byte[]> record = record(user(4, 2), 0);
    assertThat(homes(four, 2).place(record)).isEqualTo(Place.HERE);
    assertThat(homes(four, 3).place(record)).isEqualTo(Place.STRAY);
    assertThat(homes(four, 3).wrongPartition(record.key()))
        .contains("partition 2 of 4", "murmur2", "not to 3");
  }

  @Test
  void namesTheSettingWhereTheOtherPartitionerExplainsIt() {
    TopicLayout four = new TopicLayout(1, 4, List.of(), Optional.empty());
    String id =
        anyUser(u -> MURMUR2.partitionOf(u, 4) == 0 && Partitioner.CRC32.partitionOf(u, 4) == 1);
    assertThat(homes(four, 1).wrongPartition(id.getBytes(UTF_8)))
        .contains("crc32", "spendwatch.kafka.partitioner");
    assertThat(new Homes(Partitioner.CRC32, four, 1).place(record(id, 0))).isEqualTo(Place.HERE);
  }

  @Test
  void aRecordWithoutAKeyIsBadWhereverItIs() {
    TopicLayout four = new TopicLayout(1, 4, List.of(), Optional.empty());
    assertThat(homes(four, 3).place(record(null, 0))).isEqualTo(Place.HERE);
  }

  @Test
  void afterAGrowthARecordInAFormerHomeHasMoved() {
    TopicLayout grown = new TopicLayout(3, 8, List.of(3, 4), Optional.empty());
    String id = anyUser(u -> MURMUR2.partitionOf(u, 8) == 6 && MURMUR2.partitionOf(u, 3) == 0);
    assertThat(homes(grown, 6).place(record(id, 0))).isEqualTo(Place.HERE);
    assertThat(homes(grown, 2).place(record(id, 0))).isEqualTo(Place.MOVED);
    assertThat(homes(grown, 0).place(record(id, 0))).isEqualTo(Place.MOVED);
    assertThat(homes(grown, 5).place(record(id, 0))).isEqualTo(Place.STRAY);
    assertThat(homes(grown, 6).home(id.getBytes(UTF_8))).isEqualTo(6);
  }

  /** Its offsets are committed with it: who looks back would miss them in the former home. */
  @Test
  void takesAgainWhatAnEarlierLifeHasWrittenBeyondTheMark() {
    TopicLayout growing =
        new TopicLayout(2, 4, List.of(), Optional.of(new Growth(8, List.of(9L, 9L, 9L, 9L))));
    String id = user(8, 2);
    List<ConsumerRecord<byte[], byte[]>> records =
        IntStream.range(7, 14).mapToObj(offset -> record(id, offset)).toList();
    assertThat(homes(growing, 2).taken(records)).isEqualTo(2);
    assertThat(homes(growing.assessedUpTo(2, 12), 2).taken(records)).isEqualTo(5);
    assertThat(homes(growing.assessedUpTo(2, 3), 2).taken(records)).isEqualTo(2);
    assertThat(growing.assessedUpTo(6, 12)).as("not in force yet").isEqualTo(growing);
  }

  @Test
  void takesWhatCameBeforeTheGrowthAndNothingElse() {
    TopicLayout growing =
        new TopicLayout(2, 4, List.of(), Optional.of(new Growth(6, List.of(9L, 9L, 9L, 9L))));
    String here = user(4, 1);
    String future = anyUser(u -> MURMUR2.partitionOf(u, 4) != 1 && MURMUR2.partitionOf(u, 6) == 1);
    assertThat(homes(growing, 1).taken(List.of(record(here, 7), record(here, 8)))).isEqualTo(2);
    assertThat(homes(growing, 1).taken(List.of(record(here, 8), record(here, 9)))).isEqualTo(1);
    assertThat(
            homes(growing, 1).taken(List.of(record(here, 2), record(future, 3), record(here, 4))))
        .as("who will be at home here waits, and all behind")
        .isEqualTo(1);
    assertThat(homes(growing, 5).taken(List.of(record(future, 0)))).isZero();
    assertThat(homes(growing, 5).isInForce()).isFalse();
    assertThat(homes(growing, 1).knowsAll(6)).isTrue();
    assertThat(homes(growing, 1).knowsAll(7)).isFalse();
  }

  private static Homes homes(TopicLayout layout, int partition) {
    return new Homes(MURMUR2, layout, partition);
  }

  private static String user(int partitions, int home) {
    return anyUser(u -> MURMUR2.partitionOf(u, partitions) == home);
  }

  private static String anyUser(Predicate<String> which) {
    return IntStream.range(0, 10_000)
        .mapToObj(i -> "u" + i)
        .filter(which)
        .findFirst()
        .orElseThrow();
  }

  private static ConsumerRecord<byte[], byte[]> record(String key, long offset) {
    return new ConsumerRecord<>("t", 0, offset, key == null ? null : key.getBytes(UTF_8), null);
  }
}
