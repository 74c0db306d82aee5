package io.spendwatch.streams.simulation;

import io.spendwatch.streams.ledger.BalancePush;
import io.spendwatch.streams.simulation.scheduler.Host;
import io.spendwatch.streams.simulation.scheduler.Life;
import io.spendwatch.streams.simulation.scheduler.Outage;
import io.spendwatch.streams.simulation.scheduler.Scheduler;
import java.time.Duration;
import java.util.Set;

/** A process's channel of balance changes: can be cut, and can be dead for a while unnoticed. */
public final class SimulatedPush implements BalancePush {
  private static final Duration NOTICED = Duration.ofSeconds(1);

  private final Scheduler scheduler;
  private final Outage outage;
  private final Host host;
  private final Life life;
  private final Changes changes;
  private boolean up;
  private boolean dead;

  public SimulatedPush(Scheduler scheduler, Outage outage, Host host, Life life, Changes changes) {
    this.scheduler = scheduler;
    this.outage = outage;
    this.host = host;
    this.life = life;
    this.changes = changes;
  }

  @Override
  public void start() {
    host.after(
        Duration.ofNanos(scheduler.some(Duration.ofMillis(1), Duration.ofMillis(300))),
        () -> {
          if (!life.isAlive()) {
            return;
          }
          if (outage.isOn()) {
            start();
            return;
          }
          dead = false;
          changes.anyMayHaveChanged();
          up = true;
        });
  }

  @Override
  public void stop() {
    up = false;
    dead = true;
  }

  @Override
  public boolean isUp() {
    return up;
  }

  /** The connection dies; what is announced from now on is lost. */
  void die() {
    if (!up || dead) {
      return;
    }
    dead = true;
    host.after(
        Duration.ofNanos(scheduler.some(Duration.ZERO, NOTICED)),
        () -> {
          up = false;
          start();
        });
  }

  /** PostgreSQL announces. */
  void announce(Set<String> userIds) {
    if (dead || !life.isAlive()) {
      return;
    }
    host.after(
        Duration.ofNanos(scheduler.some(Duration.ofMillis(0), Duration.ofMillis(200))),
        () -> {
          if (!dead && up) {
            changes.changed(userIds);
          }
        });
  }
}
