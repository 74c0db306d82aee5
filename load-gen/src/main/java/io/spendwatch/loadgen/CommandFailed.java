package io.spendwatch.loadgen;

/** A command cannot go on: its message is the one line that the user sees, the exit status is 1. */
final class CommandFailed extends RuntimeException {
  private static final long serialVersionUID = 1;

  CommandFailed(String message) {
    super(message);
  }

  CommandFailed(String message, Throwable cause) {
    super(message, cause);
  }
}
