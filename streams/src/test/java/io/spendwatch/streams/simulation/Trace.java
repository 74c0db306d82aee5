package io.spendwatch.streams.simulation;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/** What happened: a hash of all of it, the last of it as text, and how often each thing did. */
public final class Trace {
  private static final int LINES_MAX = 400;

  private final boolean verbose;
  private final Map<String, Integer> counts = new TreeMap<>();
  private final Deque<String> lines = new ArrayDeque<>();
  private long hash = 0xcbf29ce484222325L;
  private long nowNanos;

  /**
   * @param verbose prints every line at once
   */
  public Trace(boolean verbose) {
    this.verbose = verbose;
  }

  void step(long atNanos, String host, int runnable) {
    nowNanos = atNanos;
    mix(atNanos);
    mix(host.hashCode());
    mix(runnable);
  }

  /** Something went wrong, by plan: counted by its kind. */
  public void happened(String kind, Supplier<String> detail) {
    counts.merge(kind, 1, Integer::sum);
    mix(kind.hashCode());
    say(() -> kind + ": " + detail.get());
  }

  public void happened(String kind) {
    happened(kind, () -> "");
  }

  /** Something worth reading when a seed fails. */
  public void say(Supplier<String> what) {
    String line = "%10.6f %s".formatted(nowNanos / 1e9, what.get());
    lines.add(line);
    if (lines.size() > LINES_MAX) {
      lines.remove();
    }
    if (verbose) {
      System.out.println(line);
    }
  }

  public long hash() {
    return hash;
  }

  public Map<String, Integer> counts() {
    return counts;
  }

  /** The last lines. */
  public String text() {
    return "at " + Duration.ofNanos(nowNanos) + ":\n" + String.join("\n", lines);
  }

  private void mix(long value) {
    hash = (hash ^ value) * 0x100000001b3L;
    hash ^= hash >>> 29;
  }
}
