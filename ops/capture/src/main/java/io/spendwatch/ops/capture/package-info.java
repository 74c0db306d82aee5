/**
 * Change capture from a business database: {@link io.spendwatch.ops.capture.Capture} keeps it
 * going, {@link io.spendwatch.ops.capture.CaptureSession} is one walk along the log. What a change
 * is to us is {@link io.spendwatch.streams.capture}'s to say. An artifact of its own: no node needs
 * it.
 */
package io.spendwatch.ops.capture;
