package io.spendwatch.ops.questions;

import io.spendwatch.actors.exposure.CheckAnswer;
import io.spendwatch.actors.exposure.UserView;
import io.spendwatch.actors.partition.PartitionQuery.By;
import io.spendwatch.protocol.Transaction;
import java.time.Duration;
import java.util.concurrent.CompletionStage;

/**
 * The users' actors, wherever their partition is consumed. Thread-safe. Answers complete on any
 * thread; they fail where nobody answers in time.
 */
public interface Users {

  /** How this one stands. */
  CompletionStage<UserView> view(String userId);

  /**
   * What the transaction would do.
   *
   * @param within for how long an answer is waited for
   */
  CompletionStage<CheckAnswer> check(Transaction transaction, Duration within);

  /**
   * Those nearest to their limit, or over it, of all partitions.
   *
   * @param limit 1 to 500
   */
  CompletionStage<TopUsers> top(By by, int limit);

  /** How many partitions there are is not known yet: nobody can be asked. */
  final class NotKnownYet extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NotKnownYet() {
      super("how many partitions there are is not known yet");
    }
  }
}
