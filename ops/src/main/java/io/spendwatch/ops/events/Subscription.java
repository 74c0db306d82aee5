package io.spendwatch.ops.events;

import io.spendwatch.ops.alerts.AlertPosition;
import io.spendwatch.ops.events.log.EventType;
import java.util.Optional;
import java.util.Set;

/**
 * What a client wants to hear.
 *
 * @param types at least one
 * @param userId whose alerts; empty for everybody's
 * @param after where in the alert topic it has been; empty for alerts from now on
 */
public record Subscription(
    Set<EventType> types, Optional<String> userId, Optional<AlertPosition> after) {

  public Subscription {
    types = Set.copyOf(types);
  }

  boolean wants(EventType type) {
    return types.contains(type);
  }

  /** Whether all nodes are to be asked how they are. */
  boolean needsTheCluster() {
    return types.stream().anyMatch(type -> type != EventType.ALERT);
  }
}
