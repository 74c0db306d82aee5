package io.spendwatch.actors.partition;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ChangedAccountsTest {
  private static final int NAMED_MAX = 100;

  /** Nobody is awake, so that no actor is needed. */
  private final ChangedAccounts changed =
      new ChangedAccounts(new AwakeUsers(null), new WatchedUsers(1000), NAMED_MAX);

  @Test
  void remembersByNameUpToTheBoundAndThenThatItMayBeAnybody() {
    ChangedAccounts.Changed _ = changed.take(0);
    changed.add(users(0, NAMED_MAX));
    assertThat(changed.take(1)).returns(false, ChangedAccounts.Changed::all);

    for (int round = 0; round < 10; round++) {
      changed.add(users(round * NAMED_MAX, NAMED_MAX));
    }
    changed.add(users(0, 10 * NAMED_MAX));
    ChangedAccounts.Changed taken = changed.take(2);
    assertThat(taken.all()).isTrue();
    assertThat(taken.absent()).hasSizeLessThanOrEqualTo(NAMED_MAX);
    assertThat(changed.take(3)).returns(false, ChangedAccounts.Changed::all);
  }

  private static Set<String> users(int first, int count) {
    return IntStream.range(first, first + count)
        .mapToObj(user -> "user-" + user)
        .collect(Collectors.toSet());
  }
}
