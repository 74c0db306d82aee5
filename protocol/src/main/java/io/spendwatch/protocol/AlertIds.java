package io.spendwatch.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;

/**
 * The ids of episodes and alerts: functions of what they stand for, so that whoever computes the
 * same alert again gives it the same id. Name-based UUIDs of version 8 (RFC 9562, appendix B.2),
 * out of SHA-256. Stateless and safe for use by many threads.
 */
public final class AlertIds {
  private AlertIds() {}

  /**
   * The id of an episode.
   *
   * @param openedBy the {@link #transaction} at which it opened, or {@link #balanceChange}
   * @param foundBy the transaction whose arrival revealed it; differs from {@code openedBy} where
   *     an out-of-order record changed the past
   */
  public static String episodeId(String userId, String openedBy, String foundBy) {
    return uuid("episode", userId, openedBy, foundBy);
  }

  /**
   * A transaction of a user. Its event time is part of it: beyond 48 h an id may come again with
   * another one.
   */
  public static String transaction(String transactionId, long eventTimeMs) {
    return eventTimeMs + ":" + transactionId;
  }

  /** What opened an episode, where it was not a transaction but a change of the balance. */
  public static String balanceChange(long balanceVersion) {
    return "balance:" + balanceVersion;
  }

  /** The id of an episode's alert: it has at most one of each type. */
  public static String alertId(String episodeId, AlertType type) {
    return uuid("alert", episodeId, type.name());
  }

  /** Each part goes in with its length: no two lists of parts look alike. */
  private static String uuid(String... parts) {
    MessageDigest sha256;
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
    for (String part : parts) {
      byte[] bytes = part.getBytes(UTF_8);
      sha256.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, bytes.length));
      sha256.update(bytes);
    }
    ByteBuffer hash = ByteBuffer.wrap(sha256.digest());
    long versioned = (hash.getLong() & ~0xF000L) | 0x8000L;
    long variant = (hash.getLong() & 0x3FFF_FFFF_FFFF_FFFFL) | 0x8000_0000_0000_0000L;
    return new UUID(versioned, variant).toString();
  }
}
