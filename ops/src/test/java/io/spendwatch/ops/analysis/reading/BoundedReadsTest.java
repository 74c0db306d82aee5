package io.spendwatch.ops.analysis.reading;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.errors.OperatorException;
import io.vertx.pgclient.PgException;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class BoundedReadsTest {
  private static Throwable refused(String sqlState) {
    return new CompletionException(new PgException("at or near x", "ERROR", sqlState, ""));
  }

  @Test
  void whatIsNoQueryIsRefusedWithWhatOneIs() {
    assertThat(BoundedReads.inWords(refused("42601")))
        .isInstanceOf(OperatorException.class)
        .hasMessage("refused: at or near x (expected: one query: SELECT, WITH, VALUES or TABLE)");
  }

  @Test
  void whatTookTooLongSaysWhatAllowsHowLong() {
    assertThat(BoundedReads.inWords(refused("57014")))
        .isInstanceOf(OperatorException.class)
        .hasMessageContaining("spendwatch.analysis.timeout");
  }

  @Test
  void whatIsInWordsStaysAsItIs() {
    var refusal = new OperatorException("refused: it writes");
    assertThat(BoundedReads.inWords(new CompletionException(refusal))).isSameAs(refusal);
  }

  /** Whoever reads has to know it from a failure, and begins again. */
  @Test
  void thatDaysHaveLeftMeanwhileStaysWhatItIs() {
    var left = new LeftMeanwhileException();
    assertThat(BoundedReads.inWords(new CompletionException(left))).isSameAs(left);
  }
}
