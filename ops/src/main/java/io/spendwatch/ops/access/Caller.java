package io.spendwatch.ops.access;

/**
 * Who asks.
 *
 * @param name for the log; foreign text where an issuer of tokens gives it
 */
public record Caller(String name, Role role) {
  /** Whoever it is, where nobody is told apart. */
  public static final Caller ANYBODY = new Caller("anybody", Role.OPERATOR);
}
