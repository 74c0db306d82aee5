/**
 * The per-user actor, its window, the rule, and sharding. Knows no Kafka and no SQL: what it needs
 * from outside it asks through ports ({@link io.spendwatch.actors.Accounts}, {@link
 * io.spendwatch.actors.History}).
 */
package io.spendwatch.actors;
