package io.spendwatch.loadgen.shop;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.loadgen.pace.Ticker;
import io.spendwatch.loadgen.shop.Application.Outcome;
import io.spendwatch.loadgen.shop.Application.Step;
import java.io.PrintStream;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A shop that is open: several workers, each with a connection, share one schedule of sales. It
 * outlives its database: what was undone is run again once that is back, and what may have been
 * committed is not. Thread-safe; runs once.
 */
public final class Shop {
  private static final int TRIES_MAX = 20;

  /** How soon a worker notices that it is to stop. */
  private static final Duration NOTICE = Duration.ofMillis(200);

  private static final Duration SAY_EVERY = Duration.ofSeconds(10);

  private final ShopDatabase database;
  private final Settings settings;
  private final InstantSource clock;
  private final Ticker ticker;
  private final PrintStream err;
  private final ShopReport.Tally tally = new ShopReport.Tally();
  private final AtomicLong taken = new AtomicLong();
  private final AtomicReference<RuntimeException> failure = new AtomicReference<>();
  private volatile boolean stopped;

  /** Whose application it is. */
  public enum Tables {
    /** Sales and returns of a store. */
    STORE,
    /** Users and their transactions. */
    USERS
  }

  /**
   * What it does.
   *
   * @param interval from one sale or return to the next, of all workers together
   * @param duration after which it closes
   * @param workers at least one
   * @param users who buy, at least one
   * @param returnProbability 0 to 1
   * @param seed of what is chosen; which worker chooses when is not
   */
  public record Settings(
      Tables tables,
      Duration interval,
      Duration duration,
      int workers,
      int users,
      double returnProbability,
      long seed) {}

  /**
   * @param err where it says what it waits for
   */
  public Shop(
      ShopDatabase database,
      Settings settings,
      InstantSource clock,
      Ticker ticker,
      PrintStream err) {
    this.database = database;
    this.settings = settings;
    this.clock = clock;
    this.ticker = ticker;
    this.err = err;
  }

  /**
   * Opens, and blocks until it has closed.
   *
   * @throws OperatorException if the tables are not there, the database refuses, or stays away for
   *     long
   */
  public ShopReport run() {
    Application application =
        switch (settings.tables()) {
          case STORE -> Store.open(database, settings.users(), settings.returnProbability());
          case USERS -> PlainShop.open(database, settings.users(), settings.returnProbability());
        };
    long startNanos = ticker.nanoTime();
    List<Thread> workers = new ArrayList<>();
    for (int number = 0; number < settings.workers(); number++) {
      var random = new SplittableRandom(settings.seed() + number);
      workers.add(
          Thread.ofPlatform()
              .name("shop-" + number)
              .start(() -> work(application, random, startNanos)));
    }
    long sayNanos = startNanos + SAY_EVERY.toNanos();
    for (Thread worker : workers) {
      while (!join(worker)) {
        if (ticker.nanoTime() - sayNanos >= 0) {
          sayNanos = ticker.nanoTime() + SAY_EVERY.toNanos();
          err.println(tally.report(Duration.ofNanos(ticker.nanoTime() - startNanos)).progress());
        }
      }
    }
    if (failure.get() != null) {
      throw failure.get();
    }
    return tally.report(Duration.ofNanos(ticker.nanoTime() - startNanos));
  }

  /** Lets it close: what is under way is finished first. */
  public void stop() {
    stopped = true;
  }

  private void work(Application application, SplittableRandom random, long startNanos) {
    try (var session = new Session(database, ticker, err)) {
      while (awaitTurn(startNanos)) {
        Optional<Step> step = Optional.of(application.next(random, nowUtc()));
        while (step.isPresent()) {
          Optional<Outcome> outcome = perform(session, step.get());
          outcome.ifPresent(tally::count);
          step = outcome.flatMap(done -> application.followUp(done, nowUtc()));
        }
      }
    } catch (RuntimeException e) {
      failure.compareAndSet(null, e);
      stop();
    }
  }

  /** Whether there is another one, once it is due; one that is overdue is due at once. */
  private boolean awaitTurn(long startNanos) {
    long offsetNanos = Math.multiplyExact(taken.getAndIncrement(), settings.interval().toNanos());
    if (offsetNanos >= settings.duration().toNanos()) {
      return false;
    }
    while (!stopped) {
      long leftNanos = startNanos + offsetNanos - ticker.nanoTime();
      if (leftNanos <= 0) {
        return ticker.nanoTime() - startNanos < settings.duration().toNanos();
      }
      ticker.sleepUntil(ticker.nanoTime() + Math.min(leftNanos, NOTICE.toNanos()));
    }
    return false;
  }

  /** Empty if stopped before it could be done. */
  private Optional<Outcome> perform(Session session, Step step) {
    for (int tries = 1; ; tries++) {
      Optional<Connection> open = session.connection(() -> stopped);
      if (open.isEmpty()) {
        return Optional.empty();
      }
      boolean committing = false;
      try {
        Outcome outcome = step.run(open.get());
        if (outcome instanceof Outcome.Undone) {
          open.get().rollback();
        } else {
          committing = true;
          open.get().commit();
        }
        return Optional.of(outcome);
      } catch (SQLException e) {
        switch (session.undo(e)) {
          case LOST -> {
            if (committing) {
              return Optional.of(new Outcome.Unknown());
            }
            tally.lostConnection();
          }
          case CONFLICT -> {
            tally.conflict();
            if (tries >= TRIES_MAX) {
              throw ShopTables.failed(database, e);
            }
          }
          case REFUSED -> throw ShopTables.failed(database, e);
        }
      }
    }
  }

  /** As milliseconds, which all databases keep. */
  private LocalDateTime nowUtc() {
    return LocalDateTime.ofInstant(clock.instant().truncatedTo(ChronoUnit.MILLIS), ZoneOffset.UTC);
  }

  /** Whether it has ended, for which this waits a while. */
  private boolean join(Thread worker) {
    try {
      return worker.join(NOTICE);
    } catch (InterruptedException e) {
      stop();
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted", e);
    }
  }
}
