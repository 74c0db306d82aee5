package io.spendwatch.ops.capture.config;

import java.util.Locale;

/** Where captured changes go. */
public enum CapturePath {
  /** To the topics that nodes read, as transactions and balances. */
  KAFKA,
  /** To the tables of a warehouse, as rows. */
  WAREHOUSE;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
