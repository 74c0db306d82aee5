package io.spendwatch.streams.capture.change;

/**
 * Where in the database's log a change stands.
 *
 * @param text which no other change of the same row has, the same whenever it is read
 * @param offset a number of it that grows with the log, as far as the log's files are not begun
 *     anew; not negative
 * @param commitMs when it was committed, milliseconds since the epoch, by the database's clock
 */
public record LogPosition(String text, long offset, long commitMs) {}
