package io.spendwatch.streams.life;

/**
 * Since when the oldest record waits that has been read and is not published, by the records' own
 * timestamps. Knows the first of what was read last and the last of what was published last, not
 * each of them: what it says may be too early by what lies between two records of one batch.
 * Thread-safe.
 */
final class Backlog {
  static final long UNKNOWN = -1;

  private long read = -1;
  private long published = -1;
  private long sinceMs = UNKNOWN;
  private long lastPublishedMs = UNKNOWN;

  /** Nothing of what is read from here on is published yet. */
  synchronized void startsAt(long offset) {
    read = offset;
    published = offset;
    sinceMs = UNKNOWN;
    lastPublishedMs = UNKNOWN;
  }

  /**
   * @param nextOffset behind what has been read
   * @param firstMs timestamp of the first of it
   */
  synchronized void read(long nextOffset, long firstMs) {
    if (published >= read) {
      sinceMs = firstMs;
    }
    read = nextOffset;
  }

  /**
   * @param nextOffset behind what is published
   * @param lastMs timestamp of the last of it
   */
  synchronized void published(long nextOffset, long lastMs) {
    published = nextOffset;
    lastPublishedMs = lastMs;
    sinceMs = published >= read ? UNKNOWN : lastMs;
  }

  /**
   * Asked where something waits: its timestamp, or, of what has not been read yet, that of the last
   * record before it; {@link #UNKNOWN} where there was none.
   */
  synchronized long sinceMs() {
    return sinceMs == UNKNOWN ? lastPublishedMs : sinceMs;
  }
}
