package io.spendwatch.ops.rounds;

import java.util.Locale;

/** The steps of a round, in their order: each is done only when the one before it is. */
public enum RoundStep {
  /** Which days are closed, and not in the archive as they are. */
  CLOSE,
  /** Which of them an audit has found clean. */
  AUDIT,
  /** Those are copied, and compared with the tables. */
  EXPORT,
  /** What was copied is read once more, as the archive gives it. */
  VERIFY,
  /** What was verified is brought to the warehouse, where there is one. */
  LOAD,
  /** What is usual for each user. */
  FEATURES,
  /** What is old, and in the archive as it is, is dropped. */
  RETENTION;

  /** As people are told. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
