/**
 * The actor of a partition and the users that it keeps awake: batches in, assessments and
 * announcements out. {@link io.spendwatch.actors.partition.PartitionCommand} says what it takes,
 * {@link io.spendwatch.actors.partition.PartitionActor} draws its phases, {@link
 * io.spendwatch.actors.partition.PartitionMemory} is what it knows between two batches. One actor,
 * its children and their messages: they share what others must not see, hence one room.
 */
@NullMarked
package io.spendwatch.actors.partition;

import org.jspecify.annotations.NullMarked;
