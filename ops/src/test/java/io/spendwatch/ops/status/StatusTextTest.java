package io.spendwatch.ops.status;

import static io.spendwatch.ops.status.StatusSamples.address;
import static io.spendwatch.ops.status.StatusSamples.node;
import static io.spendwatch.ops.status.StatusSamples.partition;
import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.status.ClusterStatus.Membership;
import io.spendwatch.ops.status.NodeStatus.LostRange;
import io.spendwatch.ops.status.NodeStatus.Shard;
import io.spendwatch.ops.status.NodeStatus.State;
import io.spendwatch.ops.status.NodeStatus.Totals;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StatusTextTest {
  @Test
  void showsNodesAndPartitionsAndMarksWhatIsNotWell() {
    NodeStatus a =
        node(
            "a",
            State.WAITING,
            List.of("Kafka", "the cluster"),
            List.of(
                partition("a", "transactions", 0, 9, 7L, Duration.ofMillis(1500).toMillis()),
                partition("a", "transactions", 2, 8, null, null),
                partition("a", "balances", 0, 0, 0L, Duration.ofHours(49).toMillis())));
    var moving =
        new NodeStatus(
            StatusSamples.withUnreadableRow(a.node(), "accounts of \"u7\": currency \"zz \""),
            a.members(),
            a.partitions(),
            List.of(new Shard("transactions", 0, "a"), new Shard("transactions", 1, "a")),
            Map.of("transactions", 3),
            a.totals(),
            null,
            List.of(
                new LostRange(
                    "transactions",
                    2,
                    100,
                    150L,
                    "EXPIRED",
                    "a",
                    Instant.parse("2030-01-01T00:00:00.5Z"))),
            new ReplicaStatus(false, 61_500L, 4096L, Instant.EPOCH, "its replay is paused"),
            new ArchiveStatus(
                "file:///archive", 1200, "2030-01-01", Instant.parse("2030-01-03T00:10:00Z")),
            new RoundsStatus(
                null,
                Instant.parse("2030-01-02T00:10:00.7Z"),
                Instant.parse("2030-01-03T00:12:00Z"),
                List.of(
                    step("CLOSE", RoundsStatus.State.DONE, "1 day is due, from 2030-01-01", null),
                    step(
                        "EXPORT",
                        RoundsStatus.State.FAILED,
                        "No space\nleft",
                        Instant.parse("2030-01-03T00:12:00Z")),
                    new RoundsStatus.Step(
                        "VERIFY",
                        RoundsStatus.State.WAITING,
                        "for export",
                        null,
                        null,
                        null,
                        Instant.parse("2030-01-03T00:12:00Z")),
                    new RoundsStatus.Step(
                        "FEATURES", RoundsStatus.State.NEVER, null, null, null, null, null))));
    String text =
        StatusText.of(
            ClusterStatus.of(
                moving,
                List.of(
                    new Membership(address("a"), "Up", true, List.of()),
                    new Membership(address("b"), "Up", false, List.of())),
                List.of()));
    assertThat(text.lines().map(line -> line.strip().replaceAll(" +", " ")))
        .containsExactly(
            "Not well: 1 node is out of reach; a waits for Kafka, the cluster; 1 partition is consumed by nobody;",
            "rows that cannot be read; lost records; the archive's export has failed",
            "",
            "node http member state users awake deliveries l/r",
            "! a a:8080 Up waiting 18 7/1",
            "waits for Kafka; the cluster",
            "! b:1 ? UNREACHABLE ? 0 0/0",
            "waits for no answer",
            "",
            "topic part node state lag lag time awake rows alerts dead",
            "transactions 0 a running 7 1.5 s 6 4 3 2",
            "! transactions 1 NOBODY - ? ? 0 0 0 0",
            "transactions 2 a running ? ? 6 4 3 2",
            "balances 0 a running 0 2 d 1 h 6 4 3 2",
            "total ? 2 d 1 h 18 12 9 6",
            "! 1 partition is consumed by nobody",
            "! 1 member is out of reach",
            "shards that are not where their partition is consumed: transactions-1 at a",
            "! cannot be read: accounts of \"u7\": currency \"zz \"",
            "! lost records: transactions-2 offsets [100, 150), EXPIRED, noticed 2030-01-01T00:00:00Z",
            "3 of the dead letters are records on which our own code failed: see INTERNAL_ERROR in the log",
            "! replica: not asked, its replay is paused (1 min 1 s and 4,096 bytes behind)",
            "archive: 1,200 days, the latest 2030-01-01 at file:///archive",
            "rounds of the archive: the last complete one ended 2030-01-02T00:10:00Z, the next is due",
            "2030-01-03T00:12:00Z",
            "close done: 1 day is due, from 2030-01-01 (last run at 2030-01-03T00:10:00Z, 1.5 s)",
            "! export failed: No space\\u000Aleft (last run at 2030-01-03T00:10:00Z, 1.5 s); again at",
            "2030-01-03T00:12:00Z",
            "verify waiting: for export; again at 2030-01-03T00:12:00Z",
            "features never");
    assertThat(text.lines()).allMatch(line -> line.length() <= 100);
  }

  private static RoundsStatus.Step step(
      String step, RoundsStatus.State state, String reason, Instant retryAt) {
    return new RoundsStatus.Step(
        step, state, reason, Instant.parse("2030-01-03T00:10:00.25Z"), 1500L, null, retryAt);
  }

  @Test
  void aReplayOfHistoryShowsTheDayThatItHasComeTo() {
    NodeStatus node =
        node(
            "a",
            State.READY,
            List.of(),
            List.of(
                StatusSamples.at(
                    partition(
                        "a", "transactions", 0, 1, 120_000L, Duration.ofDays(9661).toMillis()),
                    Instant.parse("1998-01-02T03:04:05Z")),
                partition("a", "transactions", 1, 1, 0L, 0L),
                partition("a", "transactions", 2, 1, 0L, 0L),
                partition("a", "transactions", 3, 1, 5L, Duration.ofDays(2).toMillis())));
    String text =
        StatusText.of(
            ClusterStatus.of(
                node, List.of(new Membership(address("a"), "Up", true, List.of())), List.of()));
    assertThat(text.lines().map(line -> line.strip().replaceAll(" +", " ")))
        .startsWith(
            "Well: 1 node, 4 partitions, 120,005 records to go, replaying history at 1998-01-02")
        .contains(
            "transactions 0 a running 120k at 1998-01-02 6 4 3 2",
            "transactions 3 a running 5 2 d 0 h 6 4 3 2",
            "total 120k at 1998-01-02 24 16 12 8");
  }

  @Test
  void aSumOfLagsIsKnownOnlyWhereAllAre() {
    assertThat(
            Totals.of(
                List.of(partition("n", "t", 0, 1, 7L, 5L), partition("n", "t", 1, 1, 8L, 9L))))
        .isEqualTo(new Totals(15L, 9L, 12, 8, 6, 4, 2, 2));
    assertThat(
            Totals.of(
                List.of(partition("n", "t", 0, 1, 7L, 5L), partition("n", "t", 1, 1, null, null))))
        .isEqualTo(new Totals(null, 5L, 12, 8, 6, 4, 2, 2));
  }
}
