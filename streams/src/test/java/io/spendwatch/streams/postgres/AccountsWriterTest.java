package io.spendwatch.streams.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.protocol.Balance;
import java.util.List;
import org.junit.jupiter.api.Test;

class AccountsWriterTest {
  @Test
  void keepsOfEachUserWhatApplyingOneByOneWouldLeave() {
    assertThat(
            AccountsWriter.newestPerUser(
                List.of(at("a", 5, 1), at("b", 1, 2), at("a", 3, 3), at("b", 1, 4), at("a", 5, 5))))
        .containsExactly(at("a", 5, 5), at("b", 1, 4));
  }

  private static Balance at(String userId, long asOfMs, long balanceMinor) {
    return new Balance(userId, null, balanceMinor, "USD", asOfMs);
  }
}
