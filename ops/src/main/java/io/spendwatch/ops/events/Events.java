package io.spendwatch.ops.events;

import io.spendwatch.ops.events.log.EventLog;
import io.spendwatch.ops.events.sources.AlertReader;
import io.spendwatch.ops.events.sources.AlertTimes;
import io.spendwatch.ops.events.sources.AlertTopic;
import io.spendwatch.ops.events.sources.ClusterWatch;
import io.spendwatch.ops.events.sources.KafkaCatchUp;
import io.spendwatch.ops.status.ClusterStatus;
import io.spendwatch.streams.base.PeriodicWork;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.kafka.KafkaConfig;
import io.spendwatch.streams.pipeline.StreamsConfig;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorSystem;

/** Puts a node's {@link EventHub} together. */
public final class Events {
  private static final Duration LOOK_INTERVAL = Duration.ofSeconds(1);
  private static final Duration LOOK_MAX = Duration.ofSeconds(10);

  private final CompletableFuture<String> died = new CompletableFuture<>();
  private final EventHub hub;

  /**
   * Nothing runs before somebody listens.
   *
   * @param cluster asks all nodes how they are
   * @param json writes the data of an event
   */
  public Events(
      ActorSystem<?> system,
      EventsConfig config,
      StreamsConfig streams,
      Supplier<CompletionStage<ClusterStatus>> cluster,
      Function<Object, String> json,
      EventMetrics metrics,
      InstantSource clock) {
    KafkaConfig kafka = streams.kafka();
    Timekeeper time = Timekeeper.real(clock, died::complete);
    var log = new EventLog(config.kept());
    var topic = new AlertTopic(kafka);
    var times = new AlertTimes();
    this.hub =
        new EventHub(
            config,
            log,
            new AlertReader(topic, config.kept(), times, streams.pipeline().retry(), time),
            new KafkaCatchUp(topic, log, time),
            news -> {
              var watch = new ClusterWatch(log, times, json);
              return PeriodicWork.start(
                  system,
                  "The look at the cluster for clients of events",
                  Duration.ZERO,
                  LOOK_INTERVAL,
                  LOOK_MAX,
                  () ->
                      cluster
                          .get()
                          .thenAccept(status -> news.accept(watch.look(status, time.millis()))));
            },
            metrics,
            time);
  }

  /** Whom clients are passed on to. */
  public EventHub hub() {
    return hub;
  }

  /** Completes when one of the threads has died, saying which and why: the process should end. */
  public CompletionStage<String> died() {
    return died;
  }
}
