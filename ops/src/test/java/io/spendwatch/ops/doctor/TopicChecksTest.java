package io.spendwatch.ops.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.doctor.Check.Verdict;
import io.spendwatch.protocol.Topics;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a single broker of a test cannot be brought to. */
class TopicChecksTest {
  private final Map<String, TopicFacts> topics = new HashMap<>();

  @BeforeEach
  void threeCopiesOfEach() {
    for (String name : TopicChecks.ours(Topics.DEFAULT)) {
      put(name, 3, 0, 0, Map.of("min.insync.replicas", "2"));
    }
  }

  @Test
  void nothingIsFoundInWhatIsAsItShouldBe() {
    assertThat(look(3)).allMatch(check -> check.verdict() == Verdict.OK);
  }

  @Test
  void aTopicIsMissedUnlessNothingNeedsIt() {
    topics.remove("sales.metrics");
    assertThat(look(3)).allMatch(check -> check.verdict() == Verdict.OK);
    topics.remove("balances.dlq");
    assertFinding(3, Verdict.PROBLEM, "topics", "missing: balances.dlq");
  }

  @Test
  void brokersThatCouldKeepMoreCopiesAreNamed() {
    put("alerts", 1, 0, 0, Map.of());
    assertFinding(3, Verdict.WARNING, "copies of each record", "alerts: copies 1");
    assertThat(look(1)).allMatch(check -> check.verdict() == Verdict.OK);
  }

  @Test
  void partitionsWithoutALeaderOrBehindAreNamed() {
    put("balances", 3, 2, 0, Map.of("min.insync.replicas", "2", "cleanup.policy", "compact"));
    put("alerts", 3, 0, 1, Map.of("min.insync.replicas", "2"));
    assertFinding(3, Verdict.PROBLEM, "partition leaders", "balances: 2 partitions");
    assertFinding(3, Verdict.WARNING, "copies of each record", "alerts: 1 partitions");
  }

  @Test
  void inSyncReplicasMustFitTheCopies() {
    put("alerts", 2, 0, 0, Map.of("min.insync.replicas", "3"));
    assertFinding(2, Verdict.PROBLEM, "min.insync.replicas", "alerts: 3 of copies 2");
    put("alerts", 2, 0, 0, Map.of("min.insync.replicas", "2"));
    assertFinding(2, Verdict.WARNING, "min.insync.replicas", "alerts: 2 of copies 2");
    put("alerts", 3, 0, 0, Map.of("min.insync.replicas", "1"));
    assertFinding(3, Verdict.WARNING, "min.insync.replicas", "alerts: 1");
    put(
        "alerts",
        3,
        0,
        0,
        Map.of("min.insync.replicas", "2", "unclean.leader.election.enable", "true"));
    assertFinding(
        3, Verdict.PROBLEM, "min.insync.replicas", "unclean.leader.election.enable: alerts");
  }

  @Test
  void retentionIsMeasuredByOutages() {
    put("transactions", 3, 0, 0, Map.of("min.insync.replicas", "2", "retention.ms", "172800000"));
    assertFinding(3, Verdict.WARNING, "retention", "transactions: 48 h");
    put("transactions", 3, 0, 0, Map.of("min.insync.replicas", "2", "retention.bytes", "1000"));
    assertFinding(3, Verdict.WARNING, "retention", "transactions: retention.bytes 1000");
  }

  private void assertFinding(int brokers, Verdict verdict, String name, String found) {
    assertThat(look(brokers))
        .anySatisfy(
            check -> {
              assertThat(check.verdict()).isEqualTo(verdict);
              assertThat(check.name()).isEqualTo(name);
              assertThat(check.lookedAt()).contains(found);
              assertThat(check.advice()).isNotEmpty();
            });
  }

  private List<Check> look(int brokers) {
    return new TopicChecks(brokers, Topics.DEFAULT, topics).all();
  }

  private void put(
      String name, int copies, int leaderless, int behind, Map<String, String> settings) {
    topics.put(name, new TopicFacts(name, "id", 8, copies, leaderless, behind, settings));
  }
}
