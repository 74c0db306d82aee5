package io.spendwatch.ops.events;

import io.spendwatch.ops.alerts.AlertPosition;
import io.spendwatch.ops.alerts.AlertTail;
import io.spendwatch.ops.events.log.CatchUp;
import io.spendwatch.ops.events.log.EventLog;
import io.spendwatch.ops.events.log.EventLog.Alerts;
import io.spendwatch.ops.events.log.EventLog.Entry;
import io.spendwatch.ops.events.log.EventLog.View;
import io.spendwatch.ops.events.log.EventText;
import io.spendwatch.ops.events.log.EventType;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.apache.pekko.util.ByteString;
import org.apache.pekko.util.ByteStringBuilder;

/**
 * What one client has had, and what it gets next. For one thread at a time.
 *
 * <pre>
 *   no place yet ──the topic is followed──▶ behind the log ──caught up, by Kafka──▶ in the log ──▶ …
 *                                                                  ▲     │ overtaken
 *                                                                  └─gap─┘
 * </pre>
 *
 * <p>Its place is one offset for each partition: all alerts before it were sent, or are not the
 * client's, and no other. Nodes read the partitions in different orders, so while the place is
 * ahead of the log's in some partition, what the log has there is passed over, and ids are made
 * from the place; once the log has come by, both have the same ids.
 */
final class Cursor {
  private static final int AT_ONCE = 64;

  private final Subscription subscription;
  private final EventLog log;
  private final LongConsumer lost;
  private final Deque<AlertTail.Received> caughtUp = new ArrayDeque<>();
  private final AlertPosition joinedAt;
  private ByteString due = ByteString.emptyByteString();
  private AlertPosition caughtUpTo;
  private long othersFrom;
  private long number;
  private long[] counted;
  private long statsNumber;
  private AlertPosition place;
  private AlertPosition toldPlace;
  private boolean inLog;
  private boolean inStep;

  /**
   * @param lost is told how many events the client has lost
   */
  Cursor(Subscription subscription, EventLog log, LongConsumer lost) {
    this.subscription = subscription;
    this.log = log;
    this.lost = lost;
    View now = log.view(Long.MAX_VALUE, 0);
    this.othersFrom = now.next();
    this.number = now.next();
    this.counted = array(now.added());
    this.joinedAt = now.alerts() == null ? null : now.alerts().live().or(now.alerts().end());
    this.inLog = !subscription.wants(EventType.ALERT);
  }

  /** What is due, as much as goes into one piece; empty for nothing. */
  ByteString take() {
    if (isOfATopicThatIsGone()) {
      return ByteString.emptyByteString();
    }
    var out = new ByteStringBuilder();
    out.append(due);
    due = ByteString.emptyByteString();
    View view;
    do {
      view = log.view(number, AT_ONCE);
      if (!inLog && findPlace(view, out)) {
        enter(view);
        view = log.view(number, AT_ONCE);
      }
      sayWhatIsLost(view, out);
      takeStats(view, out);
      takeCaughtUp(out);
      if (inLog || place == null) {
        view.entries().forEach(entry -> append(entry, out));
      }
    } while (out.isEmpty() && number < view.next() && missing().isEmpty());
    return out.result();
  }

  /** From where alerts are to be read that the log does not have; empty for no need. */
  Optional<AlertPosition> missing() {
    return inLog || !caughtUp.isEmpty() ? Optional.empty() : Optional.ofNullable(place);
  }

  /** Gives what was {@link #missing()}. */
  void caughtUp(CatchUp.Chunk chunk) {
    if (chunk.expired() > 0) {
      due = due.concat(gap(Gap.Reason.EXPIRED, chunk.expired(), place));
    }
    caughtUp.addAll(chunk.alerts());
    inStep = false;
    caughtUpTo = chunk.next();
    if (caughtUp.isEmpty()) {
      place = place.or(caughtUpTo);
    }
  }

  /** A sign of life, with the place where it has changed without an alert of the client's. */
  ByteString beat() {
    ByteString comment = EventText.comment("");
    if (place == null || place.equals(toldPlace)) {
      return comment;
    }
    toldPlace = place;
    return comment.concat(EventText.place(place.toString()));
  }

  /** Then the hub ends this stream, and the client comes again with its place. */
  private boolean isOfATopicThatIsGone() {
    AlertPosition end = log.end();
    return place != null && end != null && !place.isOfTopicOf(end);
  }

  private void takeStats(View view, ByteStringBuilder out) {
    if (subscription.wants(EventType.STATS) && view.stats().number() > statsNumber) {
      statsNumber = view.stats().number();
      out.append(view.stats().text());
    }
  }

  private void takeCaughtUp(ByteStringBuilder out) {
    if (caughtUp.isEmpty()) {
      return;
    }
    for (int i = 0; i < AT_ONCE && !caughtUp.isEmpty(); i++) {
      AlertTail.Received received = caughtUp.removeFirst();
      alert(
          received.partition(), received.offset(), received.alert().userId(), received.json(), out);
    }
    if (caughtUp.isEmpty()) {
      // Kafka's markers behind the last of them, too.
      place = place.or(caughtUpTo);
    }
  }

  /** Whether the log has all alerts from the client's place on. */
  private boolean findPlace(View view, ByteStringBuilder out) {
    Alerts alerts = view.alerts();
    if (alerts == null) {
      return false;
    }
    if (place == null) {
      place = subscription.after().orElse(joinedAt == null ? alerts.live() : joinedAt);
      if (!place.isOfTopicOf(alerts.end())) {
        out.append(gap(Gap.Reason.OTHER_TOPIC, null, place));
        place = alerts.end().beginning();
      }
      toldPlace = place;
      out.append(EventText.place(place.toString()));
    }
    return caughtUp.isEmpty() && alerts.begin().isCoveredBy(place);
  }

  /** From its oldest event on: what the client has had is passed over. */
  private void enter(View view) {
    number = view.first();
    counted = array(view.dropped());
    inLog = true;
    inStep = false;
  }

  private void sayWhatIsLost(View view, ByteStringBuilder out) {
    if (number >= view.first()) {
      return;
    }
    long count = 0;
    for (EventType type : subscription.types()) {
      // Who is behind the log has its alerts from Kafka.
      boolean isLost = inLog || type != EventType.ALERT;
      count += isLost ? Math.max(0, view.dropped().get(type.index()) - counted[type.index()]) : 0;
    }
    number = view.first();
    counted = array(view.dropped());
    if (count > 0) {
      out.append(gap(Gap.Reason.SLOW, count, place));
    }
    if (inLog && place != null && view.alerts() != null) {
      place = place.or(view.alerts().begin());
      inStep = false;
    }
  }

  private ByteString gap(Gap.Reason reason, Long count, AlertPosition after) {
    lost.accept(count == null ? 0 : count);
    return EventText.event(
        "gap", null, new Gap(reason, count, after == null ? null : after.toString()).json());
  }

  private void append(Entry entry, ByteStringBuilder out) {
    long entryNumber = number++;
    counted[entry.type().index()]++;
    if (entry.type() != EventType.ALERT) {
      if (entryNumber >= othersFrom) {
        othersFrom = entryNumber + 1;
        if (subscription.wants(entry.type())) {
          out.append(entry.text());
        }
      }
    } else if (inLog && subscription.wants(EventType.ALERT)) {
      if (!inStep) {
        alert(entry.partition(), entry.offset(), entry.userId(), entry.data(), out);
        inStep = place.isCoveredBy(entry.end());
        place = place.or(entry.end());
      } else {
        place = entry.end();
        if (isTheirs(entry.userId())) {
          toldPlace = place;
          out.append(entry.text());
        }
      }
    }
  }

  private void alert(
      int partition, long offset, String userId, String data, ByteStringBuilder out) {
    if (offset < place.next(partition)) {
      return;
    }
    place = place.after(partition, offset);
    if (isTheirs(userId)) {
      toldPlace = place;
      out.append(EventText.event(EventType.ALERT.text(), place.toString(), data));
    }
  }

  private static long[] array(List<Long> counts) {
    return counts.stream().mapToLong(Long::longValue).toArray();
  }

  private boolean isTheirs(String userId) {
    return subscription.userId().isEmpty() || subscription.userId().get().equals(userId);
  }
}
