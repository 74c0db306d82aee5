/**
 * The PostgreSQL side: the ports that the actors ask, the ledger's writer, and the channel by which
 * balance changes arrive. Every statement is a resource named verb_object; nothing blocks.
 */
package io.spendwatch.streams.postgres;
