package io.spendwatch.streams.simulation.scheduler;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Phaser;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.pekko.actor.AbstractScheduler;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.dispatch.DispatcherPrerequisites;
import org.apache.pekko.dispatch.ExecutorServiceConfigurator;
import org.apache.pekko.dispatch.ExecutorServiceFactory;
import org.apache.pekko.event.LoggingAdapter;
import org.apache.pekko.stream.SystemMaterializer;
import scala.concurrent.ExecutionContext;
import scala.concurrent.duration.FiniteDuration;

/**
 * A machine on which simulated processes live, one after the other. Has an actor system whose
 * dispatchers and timers are the {@link Scheduler}'s; it outlives seeds, since it takes long to
 * start.
 */
public final class Host {
  private static final Map<String, Host> BY_NAME = new ConcurrentHashMap<>();

  private final String name;
  private final List<Runnable> ready = new ArrayList<>();
  private final Phaser inRealTime = new Phaser(1);
  private volatile Scheduler scheduler;
  private boolean frozen;

  Host(String name) {
    this.name = name;
  }

  /** A machine with an actor system; the name is unique in this JVM. */
  public static Host named(String name) {
    Host host = new Host(name);
    BY_NAME.put(name, host);
    return host;
  }

  /** Starts the actor system, in real time, before the machine becomes part of a world. */
  public ActorSystem<Void> startSystem() {
    Config dispatcher =
        ConfigFactory.parseMap(
            Map.of(
                "type",
                "Dispatcher",
                "executor",
                SimulatedDispatcher.class.getName(),
                "throughput",
                5,
                "simulated-host",
                name));
    Config config =
        ConfigFactory.parseMap(
                Map.of(
                    "pekko.loglevel", "OFF",
                    "pekko.stdout-loglevel", "OFF",
                    "pekko.log-dead-letters", 0,
                    "pekko.log-dead-letters-during-shutdown", "off",
                    "pekko.coordinated-shutdown.run-by-jvm-shutdown-hook", "off",
                    "pekko.daemonic", "on",
                    "pekko.scheduler.implementation", SimulatedTimers.class.getName(),
                    "pekko.simulated-host", name))
            .withValue("pekko.actor.default-dispatcher", dispatcher.root())
            .withValue("pekko.actor.internal-dispatcher", dispatcher.root())
            .withValue("spendwatch.actors.partition-dispatcher", dispatcher.root())
            .withFallback(ConfigFactory.load());
    ActorSystem<Void> system = ActorSystem.create(Behaviors.empty(), "simulated", config);
    var _ = SystemMaterializer.get(system).materializer();
    return system;
  }

  public String name() {
    return name;
  }

  /** Nothing on it runs until it is thawed; its timers go off meanwhile. */
  public void freeze() {
    frozen = true;
  }

  public void thaw() {
    frozen = false;
  }

  public boolean isFrozen() {
    return frozen;
  }

  /** Runs a task on this machine, when the scheduler comes to it. */
  public void add(Runnable task) {
    ready.add(task);
  }

  /** Starts a thread that dies with the process. */
  public void start(Life life, String thread, Runnable body) {
    scheduler.start(this, life, name + " " + thread, body);
  }

  public void after(Duration delay, Runnable task) {
    scheduler.after(delay.toNanos(), this, task);
  }

  /** What still runs in real time is waited for: else it would get into the simulation. */
  void attach(Scheduler to) {
    inRealTime.arriveAndAwaitAdvance();
    scheduler = to;
    frozen = false;
  }

  /** What is still to run is run in real time. */
  void detach() {
    scheduler = null;
    frozen = false;
    List<Runnable> rest = List.copyOf(ready);
    ready.clear();
    rest.forEach(Runnable::run);
  }

  int runnable() {
    return frozen ? 0 : ready.size();
  }

  Runnable take(int index) {
    Runnable last = ready.removeLast();
    return index == ready.size() ? last : ready.set(index, last);
  }

  private void execute(Runnable task, Executor executor) {
    if (scheduler != null) {
      ready.add(task);
      return;
    }
    inRealTime.register();
    executor.execute(
        () -> {
          try {
            task.run();
          } finally {
            inRealTime.arriveAndDeregister();
          }
        });
  }

  /** Pekko's way to an executor of one's own: named in the configuration. */
  public static final class SimulatedDispatcher extends ExecutorServiceConfigurator {
    private final Host host;

    public SimulatedDispatcher(Config config, DispatcherPrerequisites prerequisites) {
      super(config, prerequisites);
      this.host = BY_NAME.get(config.getString("simulated-host"));
    }

    @Override
    public ExecutorServiceFactory createExecutorServiceFactory(String id, ThreadFactory threads) {
      return () -> new HostExecutor(host, Executors.newSingleThreadExecutor(threads));
    }
  }

  private static final class HostExecutor extends AbstractExecutorService {
    private final Host host;
    private final ExecutorService inRealTime;

    HostExecutor(Host host, ExecutorService inRealTime) {
      this.host = host;
      this.inRealTime = inRealTime;
    }

    @Override
    public void execute(Runnable task) {
      host.execute(task, inRealTime);
    }

    @Override
    public void shutdown() {
      inRealTime.shutdown();
    }

    @Override
    public List<Runnable> shutdownNow() {
      return inRealTime.shutdownNow();
    }

    @Override
    public boolean isShutdown() {
      return inRealTime.isShutdown();
    }

    @Override
    public boolean isTerminated() {
      return inRealTime.isTerminated();
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
      return inRealTime.awaitTermination(timeout, unit);
    }
  }

  /** Pekko's timers, in simulated time; outside of a simulation none goes off. */
  public static final class SimulatedTimers extends AbstractScheduler {
    private final Host host;

    public SimulatedTimers(Config config, LoggingAdapter log, ThreadFactory threads) {
      this.host = BY_NAME.get(config.getString("pekko.simulated-host"));
    }

    @Override
    @SuppressWarnings("deprecation") // what all ways to repeat something come down to
    public Cancellable schedule(
        FiniteDuration initialDelay,
        FiniteDuration interval,
        Runnable runnable,
        ExecutionContext executor) {
      Once timer = new Once();
      repeat(timer, initialDelay.toNanos(), interval.toNanos(), runnable, executor);
      return timer;
    }

    private void repeat(
        Once timer, long delayNanos, long intervalNanos, Runnable task, ExecutionContext executor) {
      Scheduler scheduler = host.scheduler;
      if (scheduler != null) {
        scheduler.after(
            delayNanos,
            host,
            () -> {
              if (!timer.isCancelled()) {
                executor.execute(task);
                repeat(timer, intervalNanos, intervalNanos, task, executor);
              }
            });
      }
    }

    @Override
    public Cancellable scheduleOnce(
        FiniteDuration delay, Runnable runnable, ExecutionContext executor) {
      Once timer = new Once();
      Scheduler scheduler = host.scheduler;
      if (scheduler != null) {
        scheduler.after(
            delay.toNanos(),
            host,
            () -> {
              if (timer.cancel()) {
                executor.execute(runnable);
              }
            });
      }
      return timer;
    }

    @Override
    public double maxFrequency() {
      return 1_000_000;
    }
  }

  private static final class Once implements Cancellable {
    private final AtomicBoolean cancelled = new AtomicBoolean();

    @Override
    public boolean cancel() {
      return cancelled.compareAndSet(false, true);
    }

    @Override
    public boolean isCancelled() {
      return cancelled.get();
    }
  }
}
