package io.spendwatch.ops.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.metrics.DeadLetterUsers.Letters;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DeadLetterUsersTest {
  private final DeadLetterUsers users = new DeadLetterUsers();

  @Test
  void countsEachUserOfEachTopicUntilItIsAsked() {
    users.add("transactions", Map.of("u1", 7, "u2", 10));
    users.add("transactions", Map.of("u1", 8));
    users.add("balances", Map.of("u1", 11));
    assertThat(users.takeAbove(10))
        .containsExactly(new Letters("transactions", "u1", 15), new Letters("balances", "u1", 11));
    assertThat(users.takeAbove(0)).isEmpty();
  }

  /** However many others have one each, nobody is blamed for what somebody else has sent. */
  @Test
  void findsTheOneAmongAHundredThousandAndNobodyElse() {
    for (int i = 0; i < 100_000; i++) {
      users.add("transactions", Map.of("passer-by-" + i, 1));
      if (i % 20 == 0) {
        users.add("transactions", Map.of("u1", 1));
      }
    }
    List<Letters> above = users.takeAbove(1_000);
    assertThat(above).extracting(Letters::userId).containsExactly("u1");
    assertThat(above.getFirst().atLeast()).isBetween(1_001L, 5_000L);
  }
}
