package io.spendwatch.actors;

import io.spendwatch.actors.History.Episode;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertType;
import java.util.ArrayList;
import java.util.List;

/**
 * One user's episodes, as announced: at most one is open; of the ended ones those that an
 * out-of-order record can still reach. What opens and ends as time goes on is announced here; what
 * such a record changes afterwards, by its {@link LateReview}. Not thread-safe.
 */
final class Episodes {

  private static final long OPEN = Long.MAX_VALUE;

  private Episode open;
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

  boolean isOpen() {
    return open != null;
  }

  /** The open one; null for none. */
  Episode open() {
    return open;
  }

  /** By their end as it was announced. */
  List<Episode> ended() {
    return ended;
  }

  /** Whether one of them was announced to end later than this. */
  boolean endsAfter(long atMs) {
    return ended.stream().anyMatch(episode -> episode.endMs() > atMs);
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
   * Opens one, while none is open.
   *
   * @param transactionId the transaction there; null for none
   * @param exposureMinor over (at − 24 h, at], minor units
   * @param transactions how many the exposure sums
   * @param balance what it is held against
   * @param offset of the record whose arrival led here; −1 where none did
   * @return what has to be announced
   */
  Transition raise(
      String episodeId,
      long atMs,
      String transactionId,
      long exposureMinor,
      int transactions,
      AccountBalance balance,
      long offset) {
    open = new Episode(episodeId, atMs, OPEN);
    return new Transition(
        AlertType.RAISED,
        episodeId,
        atMs,
        transactionId,
        -1,
        exposureMinor,
        transactions,
        balance,
        false,
        null,
        offset);
  }

  /**
   * Ends the open one; the parameters are those of {@link #raise}.
   *
   * @return what has to be announced
   */
  Transition clear(
      long atMs,
      String transactionId,
      long exposureMinor,
      int transactions,
      AccountBalance balance,
      AlertCause cause,
      long offset) {
    Episode ending = open;
    append(new Episode(ending.episodeId(), ending.startMs(), atMs));
    open = null;
    return new Transition(
        AlertType.CLEARED,
        ending.episodeId(),
        atMs,
        transactionId,
        -1,
        exposureMinor,
        transactions,
        balance,
        false,
        cause,
        offset);
  }

  /** What a review of an out-of-order record has left of them. */
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
