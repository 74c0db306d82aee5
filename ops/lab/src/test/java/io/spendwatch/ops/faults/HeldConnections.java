package io.spendwatch.ops.faults;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** Somebody else takes all connections that PostgreSQL allows, the nodes' own included. */
final class HeldConnections implements Fault {
  private static final Pattern TOO_MANY = Pattern.compile("PostgreSQL: .*53300");
  private static final long PAUSE_MS = 20;

  private final FaultBed bed;
  private final CountDownLatch healed = new CountDownLatch(1);
  private Thread holder;

  HeldConnections(FaultBed bed) {
    this.bed = bed;
  }

  @Override
  public void inflict() {
    holder = Thread.ofPlatform().start(this::hold);
  }

  @Override
  public boolean shows() {
    return bed.anyWaitsFor(TOO_MANY);
  }

  @Override
  public void heal() {
    healed.countDown();
    try {
      holder.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private void hold() {
    List<Connection> held = new ArrayList<>();
    try {
      boolean refused = false;
      while (!healed.await(refused ? PAUSE_MS : 0, TimeUnit.MILLISECONDS)) {
        try {
          held.add(bed.postgres().connect());
          refused = false;
        } catch (SQLException e) {
          refused = true;
          takeFromTheNodes(held);
        }
      }
      for (Connection connection : held) {
        connection.close();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void takeFromTheNodes(List<Connection> held) throws SQLException {
    if (held.isEmpty()) {
      return;
    }
    try (Statement statement = held.getFirst().createStatement()) {
      statement.execute(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
              + " WHERE application_name LIKE 'faulty-node%'");
    }
  }
}
