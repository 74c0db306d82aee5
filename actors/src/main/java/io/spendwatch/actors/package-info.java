/**
 * The rule for one user and the actors that apply it to all. Knows no Kafka and no SQL: what it
 * needs from outside it asks through {@link io.spendwatch.actors.ports}. The rule itself, plain
 * Java, is {@link io.spendwatch.actors.exposure}; who holds which user, and answers, is {@link
 * io.spendwatch.actors.partition}.
 */
@NullMarked
package io.spendwatch.actors;

import org.jspecify.annotations.NullMarked;
