package io.spendwatch.streams.simulation.scheduler;

/** One life of a simulated process, from its start until it ends or is killed. */
public final class Life {
  private boolean alive = true;

  public boolean isAlive() {
    return alive;
  }

  /** Nothing it does reaches the world any more. */
  public void kill() {
    alive = false;
  }
}
