package io.spendwatch.ops.capture.warehouse;

import java.io.IOException;

/** A warehouse does not answer, or not now: to be tried again. Its message says which. */
public final class WarehouseAwayException extends IOException {
  private static final long serialVersionUID = 1L;

  private WarehouseAwayException(String message) {
    super(message);
  }

  /**
   * Without a cause, since people are shown the innermost one, which does not say of whom it is.
   */
  public static WarehouseAwayException of(String warehouse, Exception e) {
    var away = new WarehouseAwayException(warehouse + ": " + e.getMessage());
    away.addSuppressed(e);
    return away;
  }
}
