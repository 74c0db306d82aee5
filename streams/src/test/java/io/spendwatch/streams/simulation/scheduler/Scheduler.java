package io.spendwatch.streams.simulation.scheduler;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;

/**
 * Decides what happens next. Tasks that could run are chosen at random; time moves only here. One
 * thing runs at a time, whatever thread it runs on, so nothing in the simulated world needs a lock
 * and a seed gives the same run again.
 */
public final class Scheduler {
  private static final int STEPS_MAX = 2_000_000;

  /** Thrown on a simulated thread whose process has been killed; nobody catches it. */
  @SuppressWarnings("serial")
  public static final class Killed extends Error {
    Killed() {
      super("killed", null, false, false);
    }
  }

  /** Something that did not come to its end in time. */
  public static final class Stuck extends RuntimeException {
    private static final long serialVersionUID = 1;

    Stuck(String message) {
      super(message);
    }
  }

  private record Timer(long atNanos, long order, Host host, Runnable task) {}

  private final Random random;
  private final List<Host> hosts = new ArrayList<>();
  private final List<SimulatedThread> threads = new ArrayList<>();
  private final PriorityQueue<Timer> timers =
      new PriorityQueue<>(Comparator.comparingLong(Timer::atNanos).thenComparingLong(Timer::order));
  private final Semaphore driver = new Semaphore(0);
  private final Trace trace;
  private SimulatedThread running;
  private long nowNanos;
  private long order;
  private int steps;

  /** What is outside of all simulated processes. */
  private final Host world = new Host("world");

  public Scheduler(Random random, Trace trace) {
    this.random = random;
    this.trace = trace;
    hosts.add(world);
  }

  public void add(Host host) {
    hosts.add(host);
    host.attach(this);
  }

  public Random random() {
    return random;
  }

  public long nanoTime() {
    return nowNanos;
  }

  /** How many tasks have run. */
  public int steps() {
    return steps;
  }

  public Trace trace() {
    return trace;
  }

  /** Runs a task of the world's own after a time. */
  public void after(Duration delay, Runnable task) {
    after(delay.toNanos(), world, task);
  }

  void after(long delayNanos, Host host, Runnable task) {
    timers.add(new Timer(nowNanos + Math.max(0, delayNanos), order++, host, task));
  }

  /** A time between the two, nanoseconds; most of them short. */
  public long some(Duration least, Duration most) {
    double skewed = random.nextDouble() * random.nextDouble() * random.nextDouble();
    return least.toNanos() + (long) ((most.toNanos() - least.toNanos()) * skewed);
  }

  public boolean chance(double probability) {
    return probability > 0 && random.nextDouble() < probability;
  }

  void start(Host host, Life life, String name, Runnable body) {
    SimulatedThread thread = new SimulatedThread(host, life, body);
    threads.add(thread);
    thread.start(name);
  }

  /**
   * Blocks the simulated thread that runs now.
   *
   * @return whether the condition came true; else the time was over
   */
  public boolean block(BooleanSupplier condition, long atMostNanos) {
    return running.block(condition, nowNanos + Math.max(0, atMostNanos));
  }

  /**
   * Runs the world.
   *
   * @param until asked after each step, so it must be cheap
   * @throws Stuck when the time is over before
   */
  public void run(BooleanSupplier until, Duration atMost) {
    long endNanos = nowNanos + atMost.toNanos();
    while (!until.getAsBoolean()) {
      if (nowNanos > endNanos || steps++ > STEPS_MAX) {
        throw new Stuck("not done after " + Duration.ofNanos(nowNanos) + ", " + steps + " steps");
      }
      fireTimers();
      wakeThreads();
      int ready = 0;
      for (Host host : hosts) {
        ready += host.runnable();
      }
      if (ready == 0) {
        nowNanos = Math.max(nowNanos, Math.min(nextNanos(), endNanos + 1));
        continue;
      }
      int chosen = random.nextInt(ready);
      // Work takes time, too; so whatever spins comes to an end.
      nowNanos += 500 + random.nextInt(15_000);
      for (int i = 0; i < hosts.size(); i++) {
        int runnable = hosts.get(i).runnable();
        if (chosen < runnable) {
          trace.step(nowNanos, i, runnable);
          hosts.get(i).take(chosen).run();
          break;
        }
        chosen -= runnable;
      }
    }
  }

  /**
   * Runs what is left of the processes, as if the world had stopped answering; then lets go.
   *
   * @throws Stuck when something is left that goes on by itself
   */
  public void shutDown(Duration atMost) {
    timers.removeIf(timer -> timer.host.equals(world));
    hosts.forEach(Host::thaw);
    try {
      if (!isQuiet()) {
        run(this::isQuiet, atMost);
      }
    } finally {
      hosts.forEach(Host::detach);
    }
  }

  private boolean isQuiet() {
    return timers.isEmpty()
        && threads.stream().allMatch(SimulatedThread::isOver)
        && hosts.stream().allMatch(host -> host.runnable() == 0);
  }

  private void fireTimers() {
    while (!timers.isEmpty() && timers.peek().atNanos <= nowNanos) {
      Timer timer = timers.poll();
      timer.host.add(timer.task);
    }
  }

  private void wakeThreads() {
    for (int i = threads.size() - 1; i >= 0; i--) {
      SimulatedThread thread = threads.get(i);
      if (thread.isOver()) {
        threads.remove(i);
      } else {
        thread.wakeIfDue();
      }
    }
  }

  private long nextNanos() {
    long nextNanos = timers.isEmpty() ? Long.MAX_VALUE : timers.peek().atNanos;
    for (SimulatedThread thread : threads) {
      nextNanos = Math.min(nextNanos, thread.dueNanos());
    }
    if (nextNanos == Long.MAX_VALUE) {
      throw new Stuck("nothing is left that could happen, at " + Duration.ofNanos(nowNanos));
    }
    return nextNanos;
  }

  /** A thread of a process: runs only while it is handed the turn. */
  private final class SimulatedThread {
    private final Host host;
    private final Life life;
    private final Runnable body;
    private final Semaphore turn = new Semaphore(0);
    private BooleanSupplier condition = () -> true;
    private long untilNanos;
    private boolean isDue;
    private boolean isOver;
    private boolean warned;
    private Throwable failure;

    SimulatedThread(Host host, Life life, Runnable body) {
      this.host = host;
      this.life = life;
      this.body = body;
    }

    void start(String name) {
      Thread.ofVirtual()
          .name(name)
          .start(
              () -> {
                turn.acquireUninterruptibly();
                try {
                  body.run();
                } catch (Throwable e) {
                  // Of a process that is killed, nobody asks how it took it.
                  failure = life.isAlive() ? e : null;
                } finally {
                  isOver = true;
                  driver.release();
                }
              });
    }

    boolean isOver() {
      return isOver;
    }

    long dueNanos() {
      return isDue || isOver || host.isFrozen() ? Long.MAX_VALUE : untilNanos;
    }

    void wakeIfDue() {
      if (!isDue
          && !host.isFrozen()
          && (!life.isAlive() || nowNanos >= untilNanos || condition.getAsBoolean())) {
        isDue = true;
        host.add(this::takeTurn);
      }
    }

    /** On the driver. */
    private void takeTurn() {
      running = this;
      turn.release();
      driver.acquireUninterruptibly();
      running = null;
      if (failure != null) {
        throw new IllegalStateException("a thread of " + host.name() + " died", failure);
      }
    }

    /** On the thread itself. */
    boolean block(BooleanSupplier wanted, long until) {
      dieIfKilled();
      condition = wanted;
      untilNanos = until;
      isDue = false;
      driver.release();
      turn.acquireUninterruptibly();
      dieIfKilled();
      return wanted.getAsBoolean();
    }

    /** First an exception, by which it lets go of what it has in hand; then for good. */
    private void dieIfKilled() {
      if (life.isAlive()) {
        return;
      }
      if (warned) {
        throw new Killed();
      }
      warned = true;
      throw new IllegalStateException("the process is killed");
    }
  }
}
