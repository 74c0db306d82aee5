package io.spendwatch.ops.events.sources;

import io.spendwatch.ops.alerts.AlertPosition;
import io.spendwatch.ops.alerts.AlertTail;
import io.spendwatch.ops.events.log.CatchUp;
import io.spendwatch.ops.events.log.EventLog;
import io.spendwatch.streams.base.Timekeeper;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One reader for all clients that are behind the log: each gets some alerts at a time, in turn, and
 * only once it has taken those before. So many clients cost no more than one consumer and, each, a
 * few hundred alerts in memory. Its thread ends when nobody has asked for a while. Thread-safe.
 */
public final class KafkaCatchUp implements CatchUp {
  private static final Logger LOG = LoggerFactory.getLogger(KafkaCatchUp.class);
  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration IDLE = Duration.ofSeconds(10);

  /** A client gets what there is after so long: it may be nothing but Kafka's markers. */
  private static final long CHUNK_MS = 2000;

  private final AlertTopic topic;
  private final EventLog log;
  private final Timekeeper time;
  private final Queue<Request> requests = new ArrayDeque<>();
  private CompletableFuture<Void> asked = new CompletableFuture<>();
  private boolean runs;

  private record Request(AlertPosition from, CompletableFuture<Chunk> answer) {}

  /**
   * @param log what it has need not be read
   */
  public KafkaCatchUp(AlertTopic topic, EventLog log, Timekeeper time) {
    this.topic = topic;
    this.log = log;
    this.time = time;
  }

  @Override
  public synchronized CompletionStage<Chunk> read(AlertPosition from) {
    var request = new Request(from, new CompletableFuture<>());
    requests.add(request);
    asked.complete(null);
    if (!runs) {
      runs = true;
      time.startThread("spendwatch-events-catch-up", this::run);
    }
    return request.answer();
  }

  private void run() {
    AlertTail tail = null;
    try {
      for (Request request = next(); request != null; request = next()) {
        try {
          if (tail == null) {
            tail = topic.open("events-catch-up");
          }
          request.answer().complete(chunk(tail, request.from()));
        } catch (RuntimeException e) {
          LOG.atWarn()
              .addKeyValue("reason", e.getMessage())
              .log("A client of events could not catch up; it is tried again");
          request.answer().completeExceptionally(e);
          close(tail);
          tail = null;
        }
      }
    } finally {
      close(tail);
    }
  }

  /** Null when nobody has asked for a while: the thread ends. */
  private Request next() {
    CompletableFuture<Void> waitedFor;
    synchronized (this) {
      if (!requests.isEmpty()) {
        return requests.remove();
      }
      asked = new CompletableFuture<>();
      waitedFor = asked;
    }
    try {
      boolean _ = time.await(waitedFor, IDLE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    synchronized (this) {
      Request request = requests.poll();
      runs = request != null;
      return request;
    }
  }

  private Chunk chunk(AlertTail tail, AlertPosition from) {
    long[] next = from.next();
    long[] beginnings = tail.beginnings();
    long expired = 0;
    for (int partition = 0; partition < beginnings.length && partition < next.length; partition++) {
      expired += Math.max(0, beginnings[partition] - next[partition]);
      next[partition] = Math.max(beginnings[partition], next[partition]);
    }
    tail.seek(next);
    long endMs = time.millis() + CHUNK_MS;
    while (true) {
      List<AlertTail.Received> alerts =
          tail.poll(POLL, e -> LOG.debug("A record is passed over: {}", e.getMessage()));
      AlertPosition reached = from.at(tail.places());
      AlertPosition begin = log.begin();
      if (!alerts.isEmpty()
          || begin == null
          || begin.isCoveredBy(reached)
          || time.millis() >= endMs) {
        return new Chunk(alerts, reached, expired);
      }
    }
  }

  private static void close(AlertTail tail) {
    if (tail != null) {
      tail.close();
    }
  }
}
