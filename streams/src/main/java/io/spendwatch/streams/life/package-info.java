/**
 * One life of a partition, from its claim to its end: how far it is, what it waits for, and why it
 * ended.
 */
@NullMarked
package io.spendwatch.streams.life;

import org.jspecify.annotations.NullMarked;
