package io.spendwatch.ops.deadletters;

import com.fasterxml.jackson.annotation.JsonInclude;

/**
 * What came of putting a letter back.
 *
 * @param letter which, as {@code topic/partition/offset}
 * @param to where the record is now, so; null where it is not there
 * @param detail for people
 */
@JsonInclude(JsonInclude.Include.ALWAYS)
public record Replay(String letter, Outcome outcome, String to, String detail) {

  /** How it went. */
  public enum Outcome {
    /** It is in its source topic. */
    REPLAYED,
    /** It could be: this was a rehearsal. */
    WOULD_BE_REPLAYED,
    /** It was before: once is enough. */
    ALREADY_REPLAYED,
    /** There is no such letter, or not any more. */
    NOT_THERE,
    /** It has no value to put back: it was too large to be kept. */
    INCOMPLETE
  }

  static Replay of(LetterPlace letter, Outcome outcome, String to, String detail) {
    return new Replay(letter.toString(), outcome, to, detail);
  }

  /** Whether it is where it should be, or would be. */
  public boolean isDone() {
    return outcome == Outcome.REPLAYED || outcome == Outcome.WOULD_BE_REPLAYED;
  }
}
