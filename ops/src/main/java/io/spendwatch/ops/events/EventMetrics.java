package io.spendwatch.ops.events;

/** Told of the clients of this node. Must not block or throw. */
public interface EventMetrics {

  /** So many listen now. */
  void clients(int count);

  /** A client was told of a gap, of so many events; 0 where nobody knows. */
  void lost(long events);
}
