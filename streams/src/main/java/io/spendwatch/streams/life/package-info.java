/**
 * One life of a partition, from its claim to its end: how far it is, what it waits for, and why it
 * ended.
 */
package io.spendwatch.streams.life;
