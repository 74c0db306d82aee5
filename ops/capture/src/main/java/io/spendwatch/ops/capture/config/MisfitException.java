package io.spendwatch.ops.capture.config;

/** The mapping and the business database do not fit. One line says what, and what to do. */
public final class MisfitException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public MisfitException(String message) {
    super(message);
  }
}
