package io.spendwatch.streams.simulation.scheduler;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/** What happened: a hash of all of it, how often each thing did, and on demand all as text. */
public final class Trace {
  private final boolean verbose;
  private final Map<String, Integer> counts = new TreeMap<>();
  private final List<String> lines = new ArrayList<>();
  private long hash = 0xcbf29ce484222325L;
  private long nowNanos;
  private boolean ended;

  /**
   * @param verbose keeps what is said; costs more than the simulation
   */
  public Trace(boolean verbose) {
    this.verbose = verbose;
  }

  void step(long atNanos, int host, int runnable) {
    nowNanos = atNanos;
    mix(atNanos);
    mix(host);
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
    if (verbose) {
      lines.add("%10.6f %s".formatted(nowNanos / 1e9, what.get()));
    }
  }

  /** What comes now is only cleaning up. */
  public void end() {
    ended = true;
  }

  public long hash() {
    return hash;
  }

  public Map<String, Integer> counts() {
    return counts;
  }

  /** All lines. */
  public String text() {
    return String.join("\n", lines);
  }

  private void mix(long value) {
    if (ended) {
      return;
    }
    hash = (hash ^ value) * 0x100000001b3L;
    hash ^= hash >>> 29;
  }
}
