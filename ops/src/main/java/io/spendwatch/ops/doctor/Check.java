package io.spendwatch.ops.doctor;

import io.spendwatch.protocol.Secrets;

/**
 * One thing that was looked at.
 *
 * @param name short, the same each time, for programs too
 * @param lookedAt what was found there, or why it could not be looked at
 * @param advice what to do; empty where there is nothing to do
 */
public record Check(String name, String lookedAt, Verdict verdict, String advice) {
  /** What came of it. */
  public enum Verdict {
    OK("ok"),
    /** It works, and will not in a case that will come. */
    WARNING("warning"),
    /** A guarantee does not hold, or something does not work. */
    PROBLEM("problem"),
    COULD_NOT_LOOK("could not look");

    private final String words;

    Verdict(String words) {
      this.words = words;
    }

    /** For people. */
    public String words() {
      return words;
    }
  }

  public Check {
    lookedAt = Secrets.masked(lookedAt);
    advice = Secrets.masked(advice);
  }

  static Check ok(String name, String lookedAt) {
    return new Check(name, lookedAt, Verdict.OK, "");
  }

  static Check warning(String name, String lookedAt, String advice) {
    return new Check(name, lookedAt, Verdict.WARNING, advice);
  }

  static Check problem(String name, String lookedAt, String advice) {
    return new Check(name, lookedAt, Verdict.PROBLEM, advice);
  }

  static Check couldNotLook(String name, String why, String advice) {
    return new Check(name, why, Verdict.COULD_NOT_LOOK, advice);
  }

  boolean isFinding() {
    return verdict == Verdict.WARNING || verdict == Verdict.PROBLEM;
  }
}
