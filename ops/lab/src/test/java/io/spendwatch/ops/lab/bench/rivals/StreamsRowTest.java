package io.spendwatch.ops.lab.bench.rivals;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StreamsRowTest {

  @ParameterizedTest
  @CsvSource({"PURCHASE,,", "PURCHASE,Café Größe,", "REFUND,'',t-0", "REFUND,shop,t-0"})
  void staysTheSameOnTheWay(TransactionKind kind, String merchant, String original) {
    var transaction =
        new Transaction(
            "t-1", "ü1", Long.MAX_VALUE, "USD", 1_780_000_000_123L, kind, merchant, original);
    var row = new StreamsRow(7, 1L << 40, transaction, -5, Long.MIN_VALUE, 3);

    assertThat(StreamsRow.decode(row.encode())).isEqualTo(row);
  }
}
