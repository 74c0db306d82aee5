package io.spendwatch.actors.ports;

/**
 * What questions about users are answered from: the same ports as the hot path's, over connections
 * of their own, so that no question takes one from a batch.
 *
 * @param waitingMax questions of one partition that may wait for what has to be read; further ones
 *     are refused
 */
public record QuestionPorts(int waitingMax, Accounts accounts, History history) {
  public QuestionPorts {
    if (waitingMax < 1) {
      throw new IllegalArgumentException(
          "questions-waiting-max: " + waitingMax + " (expected: at least 1)");
    }
  }
}
