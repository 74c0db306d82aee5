package io.spendwatch.errors;

/**
 * Something that whoever runs Spendwatch must put right: a taken port, a server that does not
 * answer. The message is one line and says what and where; a command prints it and nothing else.
 */
public final class OperatorException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public OperatorException(String message) {
    super(message);
  }

  public OperatorException(String message, Throwable cause) {
    super(message, cause);
  }
}
