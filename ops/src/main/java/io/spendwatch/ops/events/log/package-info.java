/**
 * The log in memory that all clients read: what it keeps, how an event is written to a client, and
 * what it asks of those who fill it.
 */
package io.spendwatch.ops.events.log;
