package io.spendwatch.ops.events.sources;

import io.spendwatch.ops.alerts.AlertPosition;
import io.spendwatch.ops.alerts.AlertTail;
import io.spendwatch.ops.events.log.AlertFollower;
import io.spendwatch.ops.events.log.EventLog;
import io.spendwatch.protocol.AlertCodec;
import io.spendwatch.streams.base.BackOff;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.kafka.TopicIds;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings what is readable in the alert topic into the log, while somebody listens: the one reader
 * for all clients of a node. It begins some way before the topic's end, so that most clients that
 * come again find all they have missed in the log.
 */
public final class AlertReader implements AlertFollower {
  private static final Logger LOG = LoggerFactory.getLogger(AlertReader.class);
  private static final Duration POLL = Duration.ofMillis(500);
  private static final long LOOK_AT_TOPIC_MS = 30_000;

  private final AlertTopic topic;
  private final int keptMax;
  private final AlertTimes times;
  private final BackOff backOff;
  private final Timekeeper time;
  private String lastFailure = "";

  /**
   * @param keptMax how many alerts the log has room for
   * @param times is told how long alerts take
   */
  public AlertReader(
      AlertTopic topic, int keptMax, AlertTimes times, BackOff backOff, Timekeeper time) {
    this.topic = topic;
    this.keptMax = keptMax;
    this.times = times;
    this.backOff = backOff;
    this.time = time;
  }

  @Override
  public void follow(EventLog log, Listeners listeners) {
    try (TopicIds ids = topic.ids()) {
      follow(ids, log, listeners);
    }
  }

  private void follow(TopicIds ids, EventLog log, Listeners listeners) {
    int failures = 0;
    while (true) {
      try (AlertTail tail = topic.open("events")) {
        String id = topic.id(ids);
        begin(tail, id, log, listeners);
        failures = 0;
        lastFailure = "";
        if (!read(tail, ids, id, log, listeners)) {
          return;
        }
      } catch (RuntimeException e) {
        failures++;
        tell(e);
        if (!listeners.areThere() || !pause(failures)) {
          return;
        }
      }
    }
  }

  private void begin(AlertTail tail, String id, EventLog log, Listeners listeners) {
    long[] ends = tail.ends();
    AlertPosition live = AlertPosition.of(id, ends);
    AlertPosition before = log.end();
    if (before != null && before.isOfTopicOf(live)) {
      tail.seek(before.next());
      return;
    }
    if (before != null) {
      LOG.warn("The alert topic was deleted and made anew: clients have to come again");
      listeners.end();
      log.forget();
    }
    long[] begin = tail.beginnings();
    for (int partition = 0; partition < begin.length; partition++) {
      begin[partition] = Math.max(begin[partition], ends[partition] - keptMax / 2 / begin.length);
    }
    tail.seek(begin);
    log.follow(AlertPosition.of(id, begin), live);
    listeners.news(0);
  }

  /** Whether to go on with another reader; else nobody listens any more. */
  private boolean read(AlertTail tail, TopicIds ids, String id, EventLog log, Listeners listeners) {
    int partitions = tail.partitions();
    AlertPosition live = log.live();
    long lookedMs = time.millis();
    while (listeners.areThere()) {
      List<AlertTail.Received> alerts = tail.poll(POLL, AlertReader::foreign);
      long nowMs = time.millis();
      for (AlertTail.Received received : alerts) {
        log.alert(received);
        if (received.offset() >= live.next(received.partition())) {
          times.readable(received.alert().detectedAtMs(), nowMs);
        }
      }
      if (!alerts.isEmpty()) {
        listeners.news(alerts.size());
      }
      if (nowMs - lookedMs >= LOOK_AT_TOPIC_MS) {
        lookedMs = nowMs;
        if (tail.partitions() != partitions || !topic.id(ids).equals(id)) {
          return true;
        }
      }
    }
    return false;
  }

  private static void foreign(AlertCodec.AlertFormatException e) {
    LOG.debug("A record of the alert topic is passed over: {}", e.getMessage());
  }

  /** Once per reason: it comes again with each try. */
  private void tell(RuntimeException e) {
    if (!lastFailure.equals(String.valueOf(e.getMessage()))) {
      lastFailure = String.valueOf(e.getMessage());
      LOG.atWarn()
          .addKeyValue("reason", lastFailure)
          .log("Clients of events get no alerts; it is tried again");
    }
  }

  private boolean pause(int failures) {
    try {
      time.pause(Duration.ofMillis(backOff.delayMs(failures, time.random())));
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
