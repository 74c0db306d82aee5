package io.spendwatch.streams.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.protocol.Balance;
import java.util.List;
import org.junit.jupiter.api.Test;

class AccountsWriterTest {
  @Test
  void aUserWhoComesTwiceIsInTwoRounds() {
    Balance first = new Balance("1", null, 10, "USD", 5);
    Balance other = new Balance("2", null, 20, "USD", 9);
    Balance second = new Balance("1", null, 30, "USD", 4);
    assertThat(AccountsWriter.rounds(List.of(first, other, second)))
        .containsExactly(List.of(first, other), List.of(second));
  }
}
