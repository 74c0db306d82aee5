package io.spendwatch.protocol;

/**
 * The outcome of decoding one record: a value, or the reason why there is none. Never an exception.
 */
public sealed interface Decoded<T> {

  /** The record is good. */
  record Valid<T>(T value) implements Decoded<T> {}

  /**
   * The record is bad.
   *
   * @param reason stable code, for programs
   * @param message for people: what is wrong and what was expected
   */
  record Rejected<T>(DeadLetterReason reason, String message) implements Decoded<T> {}
}
