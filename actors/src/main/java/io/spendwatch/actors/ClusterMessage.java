package io.spendwatch.actors;

/** Marks what may travel between nodes; bound to a serializer in {@code reference.conf}. */
public interface ClusterMessage {}
