package io.spendwatch.ops.erasure;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.protocol.Partitioner;
import java.security.SecureRandom;
import java.util.Collection;
import java.util.HexFormat;

/**
 * Ids that say nothing of who had them. One is at home where its user was, under each count of
 * partitions that the topic has had: time passes for an open episode where its rows are, and so
 * both nodes and audit find it there. Stateless.
 */
final class Pseudonyms {
  static final String PREFIX = "erased-";

  private static final int BYTES = 16;
  private static final SecureRandom RANDOM = new SecureRandom();

  /**
   * Some 50 times as many as are needed where the counts have no divisor in common and multiply to
   * a million; seconds.
   */
  private static final int TRIES_MAX = 50_000_000;

  private Pseudonyms() {}

  /**
   * Draws one.
   *
   * @param counts of partitions that are and were in force; may be none
   */
  static String draw(String userId, Partitioner partitioner, Collection<Integer> counts) {
    byte[] bytes = new byte[BYTES];
    for (int attempt = 0; attempt < TRIES_MAX; attempt++) {
      RANDOM.nextBytes(bytes);
      String drawn = PREFIX + HexFormat.of().formatHex(bytes);
      if (counts.stream()
          .allMatch(
              count ->
                  partitioner.partitionOf(drawn, count)
                      == partitioner.partitionOf(userId, count))) {
        return drawn;
      }
    }
    throw new OperatorException(
        "no pseudonym was found that is at home where the user is, under each of these counts of"
            + " partitions: "
            + counts);
  }
}
