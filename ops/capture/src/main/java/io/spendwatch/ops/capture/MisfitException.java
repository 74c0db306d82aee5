package io.spendwatch.ops.capture;

/** The mapping and the business database do not fit. One line says what, and what to do. */
final class MisfitException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  MisfitException(String message) {
    super(message);
  }
}
