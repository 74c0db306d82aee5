package io.spendwatch.actors.exposure;

import io.spendwatch.actors.ports.History.Episode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A maximal stretch in breach.
 *
 * @param startMs of its first point, or of the announced episode that it goes on from
 * @param points at which it could be raised, in order
 * @param end null while it lasts
 */
record Breach(long startMs, List<Point> points, @Nullable Point end) {
  long endMs() {
    return end == null ? Episodes.OPEN : end.atMs();
  }

  boolean isOfOneInstant() {
    return startMs == endMs();
  }

  /** Both began and ended within one instant. */
  boolean isTheSameInstant(Episode episode) {
    return isOfOneInstant() && episode.startMs() == startMs && episode.endMs() == startMs;
  }

  boolean overlaps(Episode episode) {
    boolean ofOneInstant = episode.startMs() == episode.endMs();
    if (isOfOneInstant()) {
      return ofOneInstant
          ? episode.startMs() == startMs
          : episode.startMs() <= startMs && startMs <= episode.endMs();
    }
    return ofOneInstant
        ? startMs <= episode.startMs() && episode.startMs() <= endMs()
        : episode.startMs() < endMs() && startMs < episode.endMs();
  }
}
