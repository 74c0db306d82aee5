package io.spendwatch.ops.status;

import java.time.Instant;

/**
 * How the replica stands. Nodes of other versions read it: see {@link NodeStatus}.
 *
 * @param usable whether questions are answered from it
 * @param lagMs how old what it has is, milliseconds; 0 while it lacks nothing, null while unknown
 * @param lagBytes of the log that it lacks; null while unknown
 * @param asOf all that was committed before this moment is in it; null while unknown
 * @param trouble for people: why it is not usable, or stands still; null for none
 */
public record ReplicaStatus(
    boolean usable, Long lagMs, Long lagBytes, Instant asOf, String trouble) {}
