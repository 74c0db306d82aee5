package io.spendwatch.ops.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.config.DeadLettersConfig;
import io.spendwatch.ops.metrics.DeadLetterUsers;
import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.streams.life.PartitionStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DeadLetterWatchTest {
  private final List<PartitionStatus> partitions = new ArrayList<>();
  private final List<DeadLetterUsers.Letters> users = new ArrayList<>();
  private final DeadLetterWatch watch =
      new DeadLetterWatch(
          () -> partitions,
          above -> users.stream().filter(user -> user.atLeast() > above).toList(),
          new DeadLettersConfig(Duration.ofMinutes(1), 60, 10));

  @Test
  void namesTopicAndMainReasonOfAFloodWhileItLasts() {
    has(partition("transactions", 0, Map.of(DeadLetterReason.BAD_ID, 40L)));
    watch.look();
    assertThat(watch.floods()).isEmpty();
    has(
        partition("transactions", 0, Map.of(DeadLetterReason.BAD_ID, 60L)),
        partition(
            "transactions",
            1,
            Map.of(DeadLetterReason.BAD_AMOUNT, 1_200L, DeadLetterReason.BAD_ID, 7L)),
        partition("balances", 0, Map.of(DeadLetterReason.BAD_ID, 60L)));
    watch.look();
    assertThat(watch.floods())
        .containsExactly("transactions: 1,227 dead letters in 60 s, of which 1,200 BAD_AMOUNT");
    watch.look();
    assertThat(watch.floods()).isEmpty();
  }

  @Test
  void countsAPartitionThatHasComeBackFromZero() {
    has(partition("transactions", 0, Map.of(DeadLetterReason.BAD_ID, 1_000L)));
    watch.look();
    has();
    watch.look();
    has(partition("transactions", 0, Map.of(DeadLetterReason.BAD_ID, 61L)));
    watch.look();
    assertThat(watch.floods())
        .containsExactly("transactions: 61 dead letters in 60 s, of which 61 BAD_ID");
    has(partition("transactions", 0, Map.of(DeadLetterReason.BAD_ID, 5L)));
    watch.look();
    assertThat(watch.floods()).isEmpty();
  }

  @Test
  void namesUsersOfWhomManyAreBad() {
    users.add(new DeadLetterUsers.Letters("transactions", "u7", 1_400));
    users.add(new DeadLetterUsers.Letters("transactions", "u8", 10));
    watch.look();
    assertThat(watch.floods())
        .containsExactly("transactions: 1,400 dead letters of user \"u7\" in 60 s");
    assertThat(watch.usersAbove()).isOne();
    users.clear();
    watch.look();
    assertThat(watch.floods()).isEmpty();
    assertThat(watch.usersAbove()).isZero();
    for (int i = 0; i < 8; i++) {
      users.add(new DeadLetterUsers.Letters("balances", "u" + i, 100));
    }
    watch.look();
    assertThat(watch.floods()).hasSize(6).last().isEqualTo("3 more users with many dead letters");
    assertThat(watch.usersAbove()).isEqualTo(8);
  }

  private void has(PartitionStatus... now) {
    partitions.clear();
    partitions.addAll(List.of(now));
  }

  private static PartitionStatus partition(
      String topic, int number, Map<DeadLetterReason, Long> deadLetters) {
    return new PartitionStatus(
        topic,
        number,
        PartitionStatus.State.RUNNING,
        1,
        0,
        0,
        -1,
        0,
        0,
        0,
        0,
        Optional.empty(),
        0,
        0,
        deadLetters,
        0,
        0);
  }
}
