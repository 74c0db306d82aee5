package io.spendwatch.actors.partition;

import io.spendwatch.actors.ports.Accounts;
import io.spendwatch.actors.ports.Accounts.Changes;
import io.spendwatch.actors.ports.History;
import io.spendwatch.actors.ports.History.OpenEpisode;
import io.spendwatch.actors.ports.History.OpenEpisodes;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Goes through the tables for whoever is to be watched and is not. Before all else, for users who
 * are not in memory and whose account is said to have changed: one of them may have a transaction
 * in the batch, and has to be read as far back as the change reaches. Then for open episodes, and
 * for versions of balances that are new or still to come, page by page, as {@link WatchedUsers} has
 * room; what one batch has no room for, the next one goes on with. Not thread-safe: lives in the
 * partition's actor.
 *
 * <pre>
 *   resting ──somebody who was let go is due──▶ episodes ──▶ changes ──▶ resting
 *           ──any account may have changed────────────────▶ changes ──▶ resting
 * </pre>
 *
 * At the begin of a life nobody is held, and all of it is gone through at once: a user's first
 * transaction must not come before it is known how far back the user's episode reaches. Later on a
 * batch waits for one page of changes at most, however many accounts have changed, unless somebody
 * is due who was let go. Those of its own users who are not in memory are asked for by name, so
 * that it does not matter whether the pages have come to them.
 */
final class Recall {

  /** No statement takes longer than its limit, however many there are. */
  private static final int PAGE_MAX = 10_000;

  /** What was read. */
  sealed interface Page {
    record OfNamed(Changes read) implements Page {}

    record OfEpisodes(OpenEpisodes read) implements Page {}

    record OfChanges(Changes read) implements Page {}
  }

  private final int partition;
  private final Predicate<String> isAtHome;
  private final WatchedUsers watched;
  private final ChangedAccounts changedAccounts;

  /** Users not in memory whose account is said to have changed, of the batch that begins. */
  private Set<String> named = Set.of();

  /** The last user whose open episodes were read; empty while none are gone through. */
  private Optional<String> episodesAfter = Optional.empty();

  /** Where the next page of changes begins; empty while none are gone through. */
  private Optional<String> changesAfter = Optional.empty();

  private long versionsFromMs;
  private long namedVersionsFromMs;

  /** Whether a page of changes was read for the batch. */
  private boolean hadPage;

  /** Any account may have changed since the changes were last begun with. */
  private boolean sweepWanted;

  Recall(
      int partition,
      Predicate<String> isAtHome,
      WatchedUsers watched,
      ChangedAccounts changedAccounts) {
    this.partition = partition;
    this.isAtHome = isAtHome;
    this.watched = watched;
    this.changedAccounts = changedAccounts;
  }

  /** Any account may have changed: whose has is to be found. */
  void sweep() {
    sweepWanted = true;
  }

  /**
   * A batch begins.
   *
   * @param absent users not in memory whose account is said to have changed
   * @param ofBatch all users of the batch who are not in memory; asked for where it matters
   * @param streamTimeMs before it; {@link Long#MIN_VALUE} before any: then nobody is to be looked
   *     at because of a balance
   * @param clockMs until when time passes with it
   */
  void begin(Set<String> absent, Supplier<Set<String>> ofBatch, long streamTimeMs, long clockMs) {
    named = streamTimeMs == Long.MIN_VALUE ? Set.of() : absent;
    namedVersionsFromMs = streamTimeMs;
    hadPage = false;
    if (!isUnderWay() || (isBesideBatches() && watched.isSomebodyMissed(clockMs))) {
      start(streamTimeMs, clockMs);
    }
    if (changesAfter.isPresent() && !watched.seeksEverybody()) {
      named = ofBatch.get();
      named.addAll(absent);
    }
  }

  private void start(long streamTimeMs, long clockMs) {
    if (watched.isSomebodyMissed(clockMs)) {
      watched.seek();
      episodesAfter = Optional.of("");
      sweepWanted = true;
    }
    if (sweepWanted && streamTimeMs != Long.MIN_VALUE) {
      changesAfter = Optional.of("");
      versionsFromMs = Math.min(streamTimeMs, watched.soughtVersionsFromMs());
      changedAccounts.sweeping();
    }
    sweepWanted = false;
  }

  /** Whether there is something to be read, and room for it. */
  boolean isToRead() {
    return !named.isEmpty() || (isUnderWay() && limit() > 0 && !(hadPage && isBesideBatches()));
  }

  private boolean isUnderWay() {
    return episodesAfter.isPresent() || changesAfter.isPresent();
  }

  /** Whether what is left waits for later batches: nobody who was let go is due meanwhile. */
  private boolean isBesideBatches() {
    return episodesAfter.isEmpty() && !watched.seeksAnybody();
  }

  private int limit() {
    return watched.seeksEverybody() ? PAGE_MAX : Math.min(PAGE_MAX, watched.room());
  }

  /** Reads the next page. */
  CompletionStage<Page> read(Accounts accounts, History history) {
    if (!named.isEmpty()) {
      return accounts
          .changes(named, changedAccounts.seenMs(), namedVersionsFromMs, isAtHome, "", named.size())
          .thenApply(Page.OfNamed::new);
    }
    if (episodesAfter.isPresent()) {
      return history
          .openEpisodes(partition, episodesAfter.get(), limit())
          .thenApply(Page.OfEpisodes::new);
    }
    return accounts
        .changes(
            List.of(),
            changedAccounts.seenMs(),
            versionsFromMs,
            isAtHome,
            changesAfter.orElseThrow(),
            limit())
        .thenApply(Page.OfChanges::new);
  }

  void found(Page page) {
    switch (page) {
      case Page.OfNamed(Changes changes) -> {
        named = Set.of();
        changedAccounts.found(changes, isAtHome);
      }
      case Page.OfEpisodes(OpenEpisodes(List<OpenEpisode> episodes, Optional<String> next)) -> {
        for (OpenEpisode episode : episodes) {
          if (isAtHome.test(episode.userId()) && !watched.isWaitedFor(episode.userId())) {
            watched.recall(episode.userId(), episode.raisedAtMs(), Long.MAX_VALUE);
          }
        }
        episodesAfter = next;
      }
      case Page.OfChanges(Changes changes) -> {
        changedAccounts.swept(changes, versionsFromMs, isAtHome);
        changesAfter = changes.next();
        hadPage = true;
      }
    }
    if (!isUnderWay()) {
      watched.found();
    }
  }

  /** All of memory is dropped. */
  void forgetAll() {
    named = Set.of();
    episodesAfter = Optional.empty();
    changesAfter = Optional.empty();
    sweepWanted = false;
  }
}
