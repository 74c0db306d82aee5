package io.spendwatch.ops.testing;

/**
 * Tag of the test classes that need the machine to themselves: they ask that something happens
 * within a time that another class at work beside them would use up. All others run three at a
 * time, each in a JVM with servers of its own: they share no file, no port and no name, and wait
 * for conditions, however long those take.
 */
public final class Alone {
  /** As the build has it, too. */
  public static final String TAG = "alone";

  private Alone() {}
}
