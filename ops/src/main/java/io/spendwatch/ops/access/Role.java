package io.spendwatch.ops.access;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What somebody may do over HTTP; each includes those before it. */
public enum Role {
  /** See how the system is: state, figures, no user's data. */
  VIEWER,
  /** See users' data, and ask about them. */
  ANALYST,
  /** Change something: begin an audit, replay a dead letter, have users read anew. */
  OPERATOR;

  /** Whether this one is enough where that one is needed. */
  public boolean includes(Role needed) {
    return compareTo(needed) >= 0;
  }

  /** As it stands in files, tokens and openapi.yaml. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The one of this word; empty for none. */
  public static Optional<Role> named(String word) {
    return Arrays.stream(values()).filter(role -> role.word().equals(word)).findFirst();
  }
}
