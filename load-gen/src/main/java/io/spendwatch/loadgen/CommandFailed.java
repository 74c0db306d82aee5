package io.spendwatch.loadgen;

/** A command cannot go on: its message is the one line that the user sees, the exit status is 1. */
public final class CommandFailed extends RuntimeException {
  private static final long serialVersionUID = 1;

  public CommandFailed(String message) {
    super(message);
  }

  public CommandFailed(String message, Throwable cause) {
    super(message, cause);
  }
}
