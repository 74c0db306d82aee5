package io.spendwatch.ops.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.actors.exposure.UserWindow;
import io.spendwatch.actors.partition.PartitionWindows;
import io.spendwatch.ops.audit.AuditReport.Mode;
import io.spendwatch.ops.audit.windows.AwakeWindows;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.ops.testing.TestDatabase;
import io.spendwatch.protocol.Balance;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;

/** The windows in a node's memory are what is stored, and those that are not are read anew. */
@ExtendWith(Servers.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AuditWindowsIT {
  private AuditedNode node;
  private TestDatabase tables;

  @BeforeAll
  void start(TestBed bed) throws Exception {
    node = AuditedNode.start(bed);
    tables = node.tables();
    node.beginTraffic();
  }

  @AfterAll
  void end() throws Exception {
    node.end();
  }

  @Test
  void whoHasMissedAChangeOfTheBalanceIsToldToReadAnew() throws Exception {
    tables.execute(
        "ALTER TABLE spendwatch.accounts DISABLE TRIGGER USER",
        "UPDATE spendwatch.accounts SET balance_minor = balance_minor + 1, balance_version = balance_version + 1,"
            + " updated_at = now() - interval '1 min' WHERE user_id = 'live7'",
        "ALTER TABLE spendwatch.accounts ENABLE TRIGGER USER");
    AuditReport report = node.audit(Mode.FULL, node.windows());
    assertThat(report.findings())
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.kind()).isEqualTo(FindingKind.ACTOR_DRIFT);
              assertThat(finding.userId()).isEqualTo("live7");
              assertThat(finding.expected()).contains("balance version 2");
              assertThat(finding.actual()).contains("balance version 1");
            });
    await()
        .atMost(AuditedNode.LIMIT)
        .untilAsserted(
            () -> assertThat(node.audit(Mode.INCREMENTAL, node.windows()).findings()).isEmpty());
    assertThat(node.openFindings()).isZero();
  }

  @Test
  void aBalanceThatIsNotInForceYetIsNoDrift() {
    long inFourMinutes = System.currentTimeMillis() + 4 * 60_000;
    Balance balance = new Balance("live9", "live9", 100_000, "USD", inFourMinutes);
    node.send(balance);
    // Longer ago than the grace: whoever is not told of it by now has missed it.
    await()
        .atMost(AuditedNode.LIMIT)
        .until(
            () ->
                tables.number(
                        "SELECT count(*) FROM spendwatch.accounts WHERE user_id = 'live9' AND balance_version = 2"
                            + " AND updated_at < clock_timestamp() - interval '3 s'")
                    == 1);

    assertThat(node.audit(Mode.FULL, node.windows()).findings()).isEmpty();
  }

  @Test
  void aWindowThatIsNotWhatIsStoredIsFound() {
    List<String> reread = new ArrayList<>();
    AwakeWindows drifted =
        new AwakeWindows() {
          private final AwakeWindows real = node.windows();

          @Override
          public CompletionStage<PartitionWindows> page(int partition, String after, int usersMax) {
            return real.page(partition, after, usersMax).thenApply(AuditWindowsIT::drift);
          }

          @Override
          public CompletionStage<PartitionWindows> of(int partition, List<String> userIds) {
            return real.of(partition, userIds).thenApply(AuditWindowsIT::drift);
          }

          @Override
          public CompletionStage<Done> reread(int partition, List<String> userIds) {
            reread.addAll(userIds);
            return real.reread(partition, userIds);
          }
        };
    AuditReport report = node.audit(Mode.FULL, drifted);
    assertThat(report.findings())
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.kind()).isEqualTo(FindingKind.ACTOR_DRIFT);
              assertThat(finding.userId()).isEqualTo("live3");
            });
    assertThat(reread).containsExactly("live3");
    assertThat(node.audit(Mode.FULL, node.windows()).findings()).isEmpty();
    assertThat(node.openFindings()).isZero();
  }

  private static PartitionWindows drift(PartitionWindows windows) {
    return new PartitionWindows(
        windows.partition(),
        windows.consumed(),
        windows.lastOffset(),
        windows.streamTimeMs(),
        windows.users().stream()
            .map(
                user ->
                    user.userId().equals("live3")
                        ? new UserWindow(
                            user.userId(),
                            user.atMs(),
                            user.exposureMinor() + 1,
                            user.transactions(),
                            user.balance(),
                            user.openEpisodeId())
                        : user)
            .toList(),
        windows.more());
  }
}
