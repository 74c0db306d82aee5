package io.spendwatch.ops.events.log;

import io.spendwatch.ops.alerts.AlertPosition;
import io.spendwatch.ops.alerts.AlertTail;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.pekko.util.ByteString;

/**
 * The last events, in memory, in the order in which this node has learned of them. Each client
 * reads at its own pace from a place of its own; what it has not read when the log has no room any
 * more is lost to it, and nobody waits for it. Thread-safe, blocks nobody.
 *
 * <p>Of the alert topic it holds all from {@code begin} to {@code end}: records of a partition from
 * the one place's offset up to the other's.
 */
public final class EventLog {
  private final Entry[] kept;
  private final long[] dropped = new long[EventType.values().length];
  private final long[] added = new long[EventType.values().length];
  private long first;
  private long next;
  private Alerts alerts;
  private Stats stats = new Stats(0, ByteString.emptyByteString());

  /**
   * @param capacity how many events are kept
   */
  public EventLog(int capacity) {
    this.kept = new Entry[capacity];
  }

  /**
   * An event.
   *
   * @param userId null for what is not an alert, like {@code end}; {@code partition} and {@code
   *     offset} are the alert's in its topic
   * @param end of the log's alerts once it had this one
   * @param text for whoever has read all before it
   */
  public record Entry(
      EventType type,
      String userId,
      int partition,
      long offset,
      AlertPosition end,
      String data,
      ByteString text) {}

  /**
   * Which alerts are there.
   *
   * @param live where the topic ended when it was begun to be followed
   */
  public record Alerts(AlertPosition begin, AlertPosition end, AlertPosition live) {}

  /** The newest figures; number 0 for none. */
  public record Stats(long number, ByteString text) {}

  /**
   * The log at one moment.
   *
   * @param first number of its oldest event
   * @param next number of the event to come
   * @param entries from where it was asked for on, or from the oldest on, some
   * @param dropped how many of each type it had and has no more, by the type's ordinal
   * @param added how many of each type it had
   * @param alerts null while the alert topic is not followed
   */
  public record View(
      long first,
      long next,
      List<Entry> entries,
      List<Long> dropped,
      List<Long> added,
      Alerts alerts,
      Stats stats) {}

  /** The log from this number on. */
  public synchronized View view(long from, int atMost) {
    List<Entry> entries = new ArrayList<>();
    long begin = Math.max(first, from);
    for (long number = begin; number < Math.min(next, begin + atMost); number++) {
      entries.add(kept[index(number)]);
    }
    return new View(first, next, entries, counts(dropped), counts(added), alerts, stats);
  }

  /** Where its alerts end; null while the alert topic is not followed. */
  public synchronized AlertPosition end() {
    return alerts == null ? null : alerts.end();
  }

  /** Where the alert topic ended when it was begun to be followed; null while it is not. */
  public synchronized AlertPosition live() {
    return alerts == null ? null : alerts.live();
  }

  /** Where its alerts begin; null while the alert topic is not followed. */
  public synchronized AlertPosition begin() {
    return alerts == null ? null : alerts.begin();
  }

  /**
   * From now on the alert topic is followed.
   *
   * @param begin where its reader begins
   * @param live where the topic ends
   */
  public synchronized void follow(AlertPosition begin, AlertPosition live) {
    alerts = new Alerts(begin, begin, live);
  }

  /** The alert topic is not followed any more: what is here says nothing about what comes. */
  public synchronized void forget() {
    while (first < next) {
      drop();
    }
    alerts = null;
    stats = new Stats(stats.number(), ByteString.emptyByteString());
  }

  /** Which the topic's reader has come to. */
  public synchronized void alert(AlertTail.Received received) {
    AlertPosition end = alerts.end().after(received.partition(), received.offset());
    add(
        new Entry(
            EventType.ALERT,
            received.alert().userId(),
            received.partition(),
            received.offset(),
            end,
            received.json(),
            EventText.event(EventType.ALERT.text(), end.toString(), received.json())));
    alerts = new Alerts(alerts.begin(), end, alerts.live());
  }

  /** Anything but an alert. */
  public synchronized void event(EventType type, String data) {
    ByteString text = EventText.event(type.text(), null, data);
    if (type == EventType.STATS) {
      stats = new Stats(stats.number() + 1, text);
    } else {
      add(new Entry(type, null, -1, -1, null, data, text));
    }
  }

  private void add(Entry entry) {
    if (next - first == kept.length) {
      drop();
    }
    kept[index(next)] = entry;
    next++;
    added[entry.type().index()]++;
  }

  private void drop() {
    Entry oldest = kept[index(first)];
    kept[index(first)] = null;
    first++;
    dropped[oldest.type().index()]++;
    if (oldest.type() == EventType.ALERT) {
      AlertPosition begin = alerts.begin().after(oldest.partition(), oldest.offset());
      alerts = new Alerts(begin, alerts.end(), alerts.live());
    }
  }

  private static List<Long> counts(long[] byType) {
    return Arrays.stream(byType).boxed().toList();
  }

  private int index(long number) {
    return (int) (number % kept.length);
  }
}
