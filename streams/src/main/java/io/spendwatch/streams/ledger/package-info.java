/**
 * Spendwatch's tables: the ports that the actors ask, the writer that makes decisions durable, and
 * the channel by which balance changes arrive. Every statement is a resource named verb_object;
 * nothing blocks.
 */
@NullMarked
package io.spendwatch.streams.ledger;

import org.jspecify.annotations.NullMarked;
