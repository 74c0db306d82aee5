package io.spendwatch.ops.events.log;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Kinds of events that a client can ask for. Whoever loses some of them is told so by a gap. */
public enum EventType {
  /** An alert has become readable. */
  ALERT(0),
  /** How it goes, each second. Replaced by the next: never lost, never late. */
  STATS(1),
  /** A run of the audit has ended. */
  AUDIT(2),
  /** Nodes have come, gone or changed, or partitions have another owner. */
  CLUSTER(3);

  private final int index;

  EventType(int index) {
    this.index = index;
  }

  /** Of its count among those of all types. */
  public int index() {
    return index;
  }

  /** As the stream and the query have it. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Empty for a text that is none. */
  public static Optional<EventType> named(String text) {
    return Arrays.stream(values()).filter(type -> type.text().equals(text)).findFirst();
  }
}
