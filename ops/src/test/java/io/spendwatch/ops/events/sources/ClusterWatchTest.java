package io.spendwatch.ops.events.sources;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.events.log.EventLog;
import io.spendwatch.ops.events.log.EventType;
import io.spendwatch.ops.status.AuditStatus;
import io.spendwatch.ops.status.ClusterStatus;
import io.spendwatch.ops.status.NodeStatus.Partition;
import io.spendwatch.ops.status.NodeStatus.Totals;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClusterWatchTest {
  private static final Instant AT = Instant.parse("2030-01-01T00:00:00Z");

  private final EventLog log = new EventLog(16);
  private final AlertTimes times = new AlertTimes();
  private final ClusterWatch watch = new ClusterWatch(log, times, Json::write);

  @Test
  void ratesAreDifferencesOverTheTimeBetweenTwoLooks() {
    assertThat(stats(watch.look(status(null, partition("a", 100, 10)), 0)))
        .contains("\"at\":\"1970-01-01T00:00:00.000Z\"")
        .doesNotContain("PerSecond");
    assertThat(stats(watch.look(status(null, partition("a", 350, 11)), 2000)))
        .contains("\"transactionsPerSecond\":125.0", "\"alertsPerSecond\":0.5");
  }

  @Test
  void aPartitionWithAnotherOwnerCountsFromThereOn() {
    watch.look(status(null, partition("a", 1000, 10)), 0);
    assertThat(stats(watch.look(status(null, partition("b", 30, 0)), 1000)))
        .contains("\"transactionsPerSecond\":30.0");
    // Its node did not answer: what it did meanwhile is seen when it does.
    assertThat(stats(watch.look(status(null, partition(null, 0, 0)), 2000)))
        .contains("\"transactionsPerSecond\":0.0");
    assertThat(stats(watch.look(status(null, partition("b", 50, 0)), 3000)))
        .contains("\"transactionsPerSecond\":20.0");
  }

  @Test
  void anotherOwnerIsAChangeOfTheCluster() {
    watch.look(status(null, partition("a", 0, 0)), 0);
    watch.look(status(null, partition("a", 5, 0)), 1000);
    assertThat(log.view(0, 10).entries()).isEmpty();
    watch.look(status(null, partition("b", 0, 0)), 2000);
    assertThat(log.view(0, 10).entries())
        .singleElement()
        .extracting(EventLog.Entry::data)
        .asString()
        .contains(
            "\"moved\":[{\"topic\":\"transactions\",\"partition\":3,\"from\":\"a\",\"to\":\"b\"}]");
  }

  @Test
  void eachRunOfTheAuditThatEndsIsToldOnce() {
    Partition partition = partition("a", 0, 0);
    watch.look(status(run(1, "CLEAN"), partition), 0);
    watch.look(status(run(2, null), partition), 1000);
    assertThat(log.view(0, 10).entries()).isEmpty();
    assertThat(stats(watch.look(status(run(2, "FINDINGS"), partition), 2000)))
        .contains("\"audit\":{\"state\":\"FINDINGS\"");
    watch.look(status(run(2, "FINDINGS"), partition), 3000);
    assertThat(log.view(0, 10).entries())
        .singleElement()
        .satisfies(
            entry -> {
              assertThat(entry.type()).isEqualTo(EventType.AUDIT);
              assertThat(entry.data())
                  .contains("\"runId\":2", "\"finishedAt\":\"2030-01-01T00:00:01.000Z\"");
            });
  }

  @Test
  void timesOfAlertsAreThoseOfTheLastMinute() {
    times.readable(0, 5000);
    for (int i = 1; i <= 100; i++) {
      times.readable(50_000, 50_000 + i);
    }
    assertThat(times.summary(50_100)).isEqualTo(new AlertTimes.Summary(51, 100, 101));
    assertThat(times.summary(70_000)).isEqualTo(new AlertTimes.Summary(50, 99, 100));
    assertThat(times.summary(200_000)).isNull();
  }

  private String stats(int events) {
    assertThat(events).isPositive();
    return log.view(0, 0).stats().text().utf8String();
  }

  private static ClusterStatus status(AuditStatus audit, Partition partition) {
    List<Partition> partitions = List.of(partition);
    return new ClusterStatus(
        "a",
        List.of(),
        partitions,
        List.of(),
        Totals.of(partitions),
        audit,
        List.of(),
        null,
        null,
        null);
  }

  private static Partition partition(String node, long transactions, long alerts) {
    return new Partition(
        "transactions",
        3,
        node,
        "RUNNING",
        1,
        10,
        5L,
        1500L,
        null,
        6,
        transactions,
        alerts,
        0,
        0,
        0,
        0,
        null);
  }

  private static AuditStatus run(long id, String outcome) {
    return new AuditStatus(
        id,
        "INCREMENTAL",
        "a",
        AT,
        outcome == null ? null : AT.plusSeconds(1),
        outcome,
        null,
        4L,
        outcome == null ? null : 1L,
        1,
        null);
  }
}
