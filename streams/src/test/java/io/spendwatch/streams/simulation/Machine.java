package io.spendwatch.streams.simulation;

import io.spendwatch.streams.simulation.scheduler.Host;
import org.apache.pekko.actor.typed.ActorSystem;

/** A host with its actor system, which outlives seeds. */
public record Machine(Host host, ActorSystem<Void> system) {

  /**
   * Starts one, at rest.
   *
   * @param name unique in this JVM
   */
  public static Machine start(String name) {
    Host host = Host.named(name);
    return new Machine(host, host.startSystem());
  }
}
