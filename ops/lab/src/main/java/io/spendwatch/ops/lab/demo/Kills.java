package io.spendwatch.ops.lab.demo;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.lab.sandbox.EmbeddedServers;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Kills one part after the other as {@code kill -9} does, while a shop sells whose database is
 * captured, and starts each again. Of each two kills the second comes while it is still being made
 * up for what the first one did; then it is waited until we have all that was sold meanwhile. For
 * one thread.
 */
final class Kills {
  private static final Duration BEFORE_KILL = Duration.ofSeconds(5);
  private static final Duration BEFORE_RESTART = Duration.ofSeconds(3);
  private static final Duration BETWEEN_TWO = Duration.ofSeconds(1);

  private final FromDatabase business;
  private final EmbeddedServers servers;
  private final Nodes nodes;
  private final Consumer<String> say;

  /** What is killed. */
  private enum Victim {
    CAPTURE("the capture"),
    KAFKA("Kafka"),
    POSTGRES("the PostgreSQL of transactions and warehouse"),
    NODE("the node"),
    BUSINESS_DATABASE("the business database"),
    CAPTURE_TO_WAREHOUSE("the capture into the warehouse");

    private final String words;

    Victim(String words) {
      this.words = words;
    }
  }

  /**
   * @param say is told what happens, for people
   */
  Kills(FromDatabase business, EmbeddedServers servers, Nodes nodes, Consumer<String> say) {
    this.business = business;
    this.servers = servers;
    this.nodes = nodes;
    this.say = say;
  }

  /**
   * So many.
   *
   * @return false if the demo is to come to its end first
   * @throws OperatorException if something has stopped that was not killed
   */
  boolean run(int kills, Watch watch) throws InterruptedException, SQLException {
    Victim[] victims = Victim.values();
    for (int kill = 0; kill < kills; kill++) {
      boolean isSecond = kill % 2 == 1;
      // Each round begins with another one, so that other pairs come together.
      Victim victim = victims[(kill + kill / victims.length) % victims.length];
      if (!watch.until(Watch.after(isSecond ? BETWEEN_TWO : BEFORE_KILL))) {
        return false;
      }
      long before = business.rowsHere();
      kill(victim);
      say.accept(
          String.format(
              Locale.ROOT,
              "Kill %d of %d: %s, with %,d transactions here",
              kill + 1,
              kills,
              victim.words,
              before));
      if (!watch.pause(BEFORE_RESTART)) {
        return false;
      }
      start(victim);
      if (!isSecond && kill + 1 < kills) {
        say.accept("Started again");
        continue;
      }
      // What was sold while it was away has to come, too.
      long sold = business.rowsThere();
      if (!watch.until(() -> business.rowsHere() >= sold)) {
        return false;
      }
      say.accept(
          String.format(
              Locale.ROOT, "Started again: all %,d that were sold until then are here", sold));
    }
    return true;
  }

  private void kill(Victim victim) {
    switch (victim) {
      case CAPTURE -> business.killCapture();
      case KAFKA -> servers.kafka().kill();
      case POSTGRES -> servers.postgres().kill();
      case NODE -> nodes.kill(nodes.victim());
      case BUSINESS_DATABASE -> business.killServer();
      case CAPTURE_TO_WAREHOUSE -> business.killCaptureToWarehouse();
    }
  }

  private void start(Victim victim) throws SQLException {
    switch (victim) {
      case CAPTURE -> business.capture();
      case KAFKA -> servers.startKafkaAgain();
      case POSTGRES -> servers.startPostgresAgain();
      case NODE -> nodes.start(nodes.victim());
      case BUSINESS_DATABASE -> business.startServer();
      case CAPTURE_TO_WAREHOUSE -> business.captureToWarehouse();
    }
  }
}
