package io.spendwatch.ops.status;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.status.NodeStatus.Member;
import io.spendwatch.ops.status.NodeStatus.NodeInfo;
import io.spendwatch.ops.status.NodeStatus.Partition;
import io.spendwatch.ops.status.NodeStatus.State;
import io.spendwatch.ops.status.NodeStatus.Totals;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class StatusTextTest {
  private static final NodeInfo NODE =
      new NodeInfo("n1", "pekko://a", State.WAITING, List.of("Kafka"), Instant.EPOCH, false);

  @Test
  void showsWhatIsWaitedForAndLagsInRecordsAndTime() {
    List<Partition> partitions =
        List.of(
            partition("transactions", 10, 7L, Duration.ofMillis(1500).toMillis()),
            partition("transactions", 2, null, null),
            partition("balances", 0, 0L, Duration.ofHours(49).toMillis()));
    String text =
        StatusText.of(
            new NodeStatus(
                NODE, List.of(new Member("pekko://a", "Up")), partitions, Totals.of(partitions)));
    assertThat(text.lines().map(line -> line.strip().replaceAll(" +", " ")))
        .containsExactly(
            "node n1 at pekko://a: waiting",
            "waiting for Kafka",
            "balance changes are not pushed; each check reads the balance",
            "member pekko://a: Up",
            "topic part state lag records lag time transactions alerts dead letters waiting for",
            "balances 0 running 0 2 d 1 h 4 3 2",
            "transactions 2 running ? ? 4 3 2",
            "transactions 10 running 7 1.5 s 4 3 2",
            "total ? 2 d 1 h 12 9 6",
            "3 of the dead letters are records on which our own code failed: see INTERNAL_ERROR in the log");
  }

  @Test
  void aSumOfLagsIsKnownOnlyWhereAllAre() {
    assertThat(Totals.of(List.of(partition("t", 0, 7L, 5L), partition("t", 1, 8L, 9L))))
        .isEqualTo(new Totals(15L, 9L, 8, 6, 4, 2, 2));
    assertThat(Totals.of(List.of(partition("t", 0, 7L, 5L), partition("t", 1, null, null))))
        .isEqualTo(new Totals(null, 5L, 8, 6, 4, 2, 2));
  }

  private static Partition partition(String topic, int number, Long lagRecords, Long lagMs) {
    return new Partition(
        topic, number, "RUNNING", 1, 0, lagRecords, lagMs, null, 4, 3, 2, 1, 1, 0, null);
  }
}
