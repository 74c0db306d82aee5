package io.spendwatch.streams.simulation.scheduler;

/** A time during which something cannot be reached. Outages overlap: it ends with the last one. */
public final class Outage {
  private int reasons;

  public void begin() {
    reasons++;
  }

  public void end() {
    reasons--;
  }

  public boolean isOn() {
    return reasons > 0;
  }
}
