/**
 * Spendwatch's tables: the ports that the actors ask, the writer that makes decisions durable, and
 * the channel by which balance changes arrive. Every statement is a resource named verb_object;
 * nothing blocks.
 *
 * <p>One room, though a large one: how a row is read, and what is said of one that cannot be, is
 * shared by ports and writer, and nobody else may use it.
 */
@NullMarked
package io.spendwatch.streams.ledger;

import org.jspecify.annotations.NullMarked;
