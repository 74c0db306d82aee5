/**
 * Change capture from a business database: its command and its HTTP. {@code walk} goes along the
 * log, {@code source} is what differs between products, {@code warehouse} what becomes of rows
 * there. What a change is to us is {@link io.spendwatch.streams.capture}'s to say. An artifact of
 * its own: no node needs it.
 */
package io.spendwatch.ops.capture;
