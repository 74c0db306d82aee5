package io.spendwatch.actors.exposure;

import io.spendwatch.actors.ports.History.Episode;
import io.spendwatch.protocol.AlertType;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One user's episodes, as announced: at most one is open; of the ended ones those that something
 * late can still reach. What opens and ends as time goes on is announced here; what is changed
 * afterwards, by a {@link LateReview}. Not thread-safe.
 */
final class Episodes {

  static final long OPEN = Long.MAX_VALUE;

  private @Nullable Episode open;
  private List<Episode> ended = List.of();

  /** Takes up what is stored. */
  Episodes(List<Episode> announced) {
    for (Episode episode : announced) {
      if (episode.endMs() == OPEN) {
        open = episode;
      } else {
        append(episode);
      }
    }
  }

  /** A copy; the lists are replaced where they change, never written to. */
  Episodes copy() {
    var copy = new Episodes(List.of());
    copy.open = open;
    copy.ended = ended;
    return copy;
  }

  boolean isOpen() {
    return open != null;
  }

  /** The open one; null for none. */
  @Nullable Episode open() {
    return open;
  }

  /** By their end as it was announced. */
  List<Episode> ended() {
    return ended;
  }

  /** The last start or end that was announced; {@link Long#MIN_VALUE} without any. */
  long settledMs() {
    long settledMs = open == null ? Long.MIN_VALUE : open.startMs();
    for (Episode episode : ended) {
      settledMs = Math.max(settledMs, episode.endMs());
    }
    return settledMs;
  }

  /**
   * Opens one at this point, while none is open.
   *
   * @param offset of the record whose arrival led here; −1 where none did
   * @return what has to be announced
   */
  Transition raise(String episodeId, Point at, long offset) {
    open = new Episode(episodeId, at.atMs(), OPEN, 0);
    return transition(AlertType.RAISED, episodeId, at, offset);
  }

  /**
   * Ends the open one at this point; the parameters are those of {@link #raise}.
   *
   * @return what has to be announced
   */
  Transition clear(Point at, long offset) {
    Episode ending = Objects.requireNonNull(open, "an open episode");
    append(new Episode(ending.episodeId(), ending.startMs(), at.atMs(), 0));
    open = null;
    return transition(AlertType.CLEARED, ending.episodeId(), at, offset);
  }

  private static Transition transition(AlertType type, String episodeId, Point at, long offset) {
    return new Transition(
        type,
        episodeId,
        at.atMs(),
        at.transaction(),
        at.exposureMinor(),
        at.transactions(),
        Objects.requireNonNull(at.balance(), "a balance"),
        false,
        null,
        type == AlertType.RAISED ? at.causeOfStart() : at.causeOfEnd(),
        offset);
  }

  /** What a review has left of them. */
  void take(LateReview review) {
    open = review.open();
    ended = review.ended();
  }

  /** Forgets those that ended at or before this instant. */
  void forgetUntil(long reachMs) {
    if (!ended.isEmpty()) {
      ended = ended.stream().filter(episode -> episode.endMs() > reachMs).toList();
    }
  }

  private void append(Episode episode) {
    List<Episode> all = new ArrayList<>(ended);
    all.add(episode);
    ended = List.copyOf(all);
  }
}
