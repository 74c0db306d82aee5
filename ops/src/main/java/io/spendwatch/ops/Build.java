package io.spendwatch.ops;

/** What this program is. */
public final class Build {
  /** As {@code --version} shows it, and as nodes tell it each other. */
  public static final String VERSION = "0.1.0";

  private Build() {}
}
