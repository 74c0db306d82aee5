package io.spendwatch.ops.deadletters;

import java.time.Instant;

/**
 * Which dead letters; what is null excludes none.
 *
 * @param topic of the two
 * @param reason the code
 * @param from put aside at or after this instant
 * @param to put aside before this instant
 */
public record LetterQuery(String topic, String reason, Instant from, Instant to) {

  boolean matches(DeadLetter letter, long atMs) {
    return (reason == null || reason.equals(letter.reason()))
        && (from == null || atMs >= from.toEpochMilli())
        && (to == null || atMs < to.toEpochMilli());
  }
}
