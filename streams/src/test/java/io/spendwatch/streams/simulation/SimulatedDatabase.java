package io.spendwatch.streams.simulation;

import io.spendwatch.streams.database.Statements;
import io.spendwatch.streams.ledger.SimulatedPostgres;
import io.spendwatch.streams.simulation.scheduler.Host;
import io.spendwatch.streams.simulation.scheduler.Life;
import io.spendwatch.streams.simulation.scheduler.Outage;
import io.spendwatch.streams.simulation.scheduler.Scheduler;
import io.spendwatch.streams.simulation.scheduler.Weather;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;

/** A process's connections to PostgreSQL. */
public final class SimulatedDatabase implements Statements {
  private static final Duration DEADLINE = Duration.ofMillis(1500);

  private final Scheduler scheduler;
  private final SimulatedPostgres server;
  private final Weather weather;
  private final Outage outage;
  private final Host host;
  private final Life life;

  public SimulatedDatabase(
      Scheduler scheduler,
      SimulatedPostgres server,
      Weather weather,
      Outage outage,
      Host host,
      Life life) {
    this.scheduler = scheduler;
    this.server = server;
    this.weather = weather;
    this.outage = outage;
    this.host = host;
    this.life = life;
  }

  @Override
  public CompletionStage<RowSet<Row>> execute(String sql, Tuple parameters) {
    CompletableFuture<RowSet<Row>> answer = new CompletableFuture<>();
    if (!life.isAlive()) {
      return answer;
    }
    String name = server.name(sql);
    scheduler.trace().say(() -> host.name() + " asks " + name + " " + text(parameters));
    later(weather.latencyNanos(), () -> serve(name, sql, parameters, answer));
    return answer;
  }

  private void serve(
      String name, String sql, Tuple parameters, CompletableFuture<RowSet<Row>> answer) {
    if (outage.isOn()) {
      deliver(() -> answer.completeExceptionally(new ConnectException("connection refused")));
      return;
    }
    switch (weather.fate(name)) {
      case FINE -> {
        Runnable outcome = run(name, sql, parameters, answer);
        later(
            weather.latencyNanos(),
            () -> {
              if (outage.isOn()) {
                scheduler.trace().happened("outage between " + name + " and its answer");
                deliver(() -> answer.completeExceptionally(new IOException("connection reset")));
              } else {
                deliver(outcome);
              }
            });
      }
      case LOST ->
          later(
              DEADLINE.toNanos(),
              () -> deliver(() -> answer.completeExceptionally(new TimeoutException("lost"))));
      case ANSWER_LOST -> {
        var _ = run(name, sql, parameters, answer);
        later(
            scheduler.some(Duration.ZERO, DEADLINE),
            () -> deliver(() -> answer.completeExceptionally(new IOException("connection reset"))));
      }
      case SERVED_LATE -> {
        later(
            scheduler.some(Duration.ZERO, DEADLINE.multipliedBy(3)),
            () -> run(name, sql, parameters, answer));
        deliver(() -> answer.completeExceptionally(new IOException("connection reset")));
      }
      case REFUSED ->
          deliver(
              () ->
                  answer.completeExceptionally(
                      new PgException("terminating connection", "FATAL", "57P01", null)));
    }
  }

  private Runnable run(
      String name, String sql, Tuple parameters, CompletableFuture<RowSet<Row>> answer) {
    try {
      RowSet<Row> rows = server.run(sql, parameters);
      scheduler.trace().say(() -> host.name() + " " + name + " took effect: " + rows);
      return () -> answer.complete(rows);
    } catch (PgException e) {
      scheduler.trace().happened(name + " failed with " + e.getSqlState());
      return () -> answer.completeExceptionally(e);
    }
  }

  private static String text(Tuple parameters) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < parameters.size(); i++) {
      Object value = parameters.getValue(i);
      text.append(value instanceof Object[] array ? Arrays.toString(array) : value).append(' ');
    }
    return text.toString();
  }

  private void later(long nanos, Runnable task) {
    scheduler.after(Duration.ofNanos(nanos), task);
  }

  private void deliver(Runnable answer) {
    if (life.isAlive()) {
      host.add(answer);
    }
  }
}
