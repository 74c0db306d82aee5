package io.spendwatch.ops.analysis.reading;

/** A day has left while the tables were read: begin again. */
public final class LeftMeanwhileException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public LeftMeanwhileException() {
    super("days have left the table while it was read", null, false, false);
  }
}
