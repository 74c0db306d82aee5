package io.spendwatch.ops.events;

import io.spendwatch.ops.alerts.AlertPosition;
import io.spendwatch.ops.events.log.AlertFollower;
import io.spendwatch.ops.events.log.CatchUp;
import io.spendwatch.ops.events.log.EventLog;
import io.spendwatch.streams.base.Timekeeper;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntConsumer;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/**
 * Tells clients what happens. While nobody listens nothing runs; while somebody does, one reader
 * follows the alert topic for all of them, and somebody asks the cluster how it is. Thread-safe,
 * blocks nobody.
 *
 * <p>Clients are woken at most once in an interval, however many events there are: what one update
 * costs, not what an event does, is what many clients cost.
 */
public final class EventHub {
  /** A page that is loaded again is not to be read to from the beginning. */
  private static final Duration LINGER = Duration.ofSeconds(10);

  private final EventsConfig config;
  private final EventLog log;
  private final AlertFollower alerts;
  private final CatchUp catchUp;
  private final Function<IntConsumer, Cancellable> clusterWatch;
  private final EventMetrics metrics;
  private final Timekeeper time;
  private final Set<Client> clients = new LinkedHashSet<>();
  private Optional<Cancellable> watching = Optional.empty();
  private boolean follows;
  private boolean ending;
  private long listenedNanos;
  private long wokenNanos;
  private int unannounced;
  private boolean announces;

  /**
   * A stream that runs.
   *
   * @param wake to look for news, or, told false, to end. Must not block
   */
  record Client(Subscription subscription, Consumer<Boolean> wake) {
    @Override
    public boolean equals(Object other) {
      return this == other;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(this);
    }
  }

  /**
   * @param log that {@code catchUp} and {@code clusterWatch} know, too
   * @param clusterWatch begins to bring figures, audits and changes of the cluster into the log,
   *     and says each time how many there are
   */
  EventHub(
      EventsConfig config,
      EventLog log,
      AlertFollower alerts,
      CatchUp catchUp,
      Function<IntConsumer, Cancellable> clusterWatch,
      EventMetrics metrics,
      Timekeeper time) {
    this.config = config;
    this.log = log;
    this.alerts = alerts;
    this.catchUp = catchUp;
    this.clusterWatch = clusterWatch;
    this.metrics = metrics;
    this.time = time;
    this.wokenNanos = time.nanoTime() - config.updateInterval().toNanos();
  }

  /**
   * What a client is sent, as server-sent events. It counts as a client once, and as long as, the
   * stream runs.
   */
  public Source<ByteString, NotUsed> stream(Subscription subscription) {
    return Source.fromGraph(
        new EventStage(this, subscription, config.heartbeat(), config.comeAgain()));
  }

  /** Why no further client can be taken now, for people; empty where one can. */
  public synchronized Optional<String> refusal() {
    if (ending) {
      return Optional.of("this node ends: ask another one");
    }
    return clients.size() < config.clientsMax()
        ? Optional.empty()
        : Optional.of(
            "there are "
                + clients.size()
                + " clients, and no more are taken (spendwatch.events.clients-max)");
  }

  /** Ends all streams, and takes no further clients: they are told to ask another node. */
  public void drain() {
    synchronized (this) {
      ending = true;
    }
    end();
  }

  Cursor cursor(Subscription subscription) {
    return new Cursor(subscription, log, metrics::lost);
  }

  CompletionStage<CatchUp.Chunk> catchUp(AlertPosition from) {
    return catchUp.read(from);
  }

  /** False where there is no room. */
  synchronized boolean join(Client client) {
    if (refusal().isPresent()) {
      return false;
    }
    clients.add(client);
    metrics.clients(clients.size());
    listenedNanos = time.nanoTime();
    if (!follows) {
      follows = true;
      time.startThread("spendwatch-events", () -> alerts.follow(log, new Listeners()));
    }
    if (watching.isEmpty() && client.subscription().needsTheCluster()) {
      watching = Optional.of(clusterWatch.apply(this::news));
    }
    return true;
  }

  synchronized void leave(Client client) {
    if (!clients.remove(client)) {
      return;
    }
    metrics.clients(clients.size());
    listenedNanos = time.nanoTime();
    if (clients.stream().noneMatch(other -> other.subscription().needsTheCluster())) {
      watching.ifPresent(Cancellable::cancel);
      watching = Optional.empty();
    }
  }

  private synchronized boolean areThere() {
    follows = !clients.isEmpty() || (!ending && time.nanoTime() - listenedNanos < LINGER.toNanos());
    if (!follows) {
      log.forget();
    }
    return follows;
  }

  /** The log has so many more. */
  synchronized void news(int events) {
    unannounced += events;
    long leftNanos = wokenNanos + config.updateInterval().toNanos() - time.nanoTime();
    // So many at once would overtake those who only wait to be woken.
    if (leftNanos <= 0 || unannounced > config.kept() / 4) {
      announce();
    } else if (!announces) {
      announces = true;
      time.schedule(Math.ceilDiv(leftNanos, 1_000_000), this::announceLater);
    }
  }

  private synchronized void announceLater() {
    announces = false;
    announce();
  }

  private void announce() {
    unannounced = 0;
    wokenNanos = time.nanoTime();
    clients.forEach(client -> client.wake().accept(true));
  }

  private void end() {
    List<Client> all;
    synchronized (this) {
      all = List.copyOf(clients);
    }
    all.forEach(client -> client.wake().accept(false));
  }

  /** What the thread sees of the hub that brings the alerts. */
  private final class Listeners implements AlertFollower.Listeners {
    @Override
    public boolean areThere() {
      return EventHub.this.areThere();
    }

    @Override
    public void news(int events) {
      EventHub.this.news(events);
    }

    @Override
    public void end() {
      EventHub.this.end();
    }
  }
}
