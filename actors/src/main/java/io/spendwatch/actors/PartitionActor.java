package io.spendwatch.actors;

/** The sharded actor of one Kafka partition; one actor per user lives below it. */
public final class PartitionActor {
  private PartitionActor() {}
}
