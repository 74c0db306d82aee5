package io.spendwatch.actors.ports;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/**
 * Port: what is durable. The actors' memory is a cache of it. All methods complete on any thread,
 * read what is committed at the call or later, and fail only transiently (the caller's batch is
 * tried again).
 */
public interface History {

  /** What a partition's actor must know before its first transaction. */
  CompletionStage<PartitionHistory> partition(int partition);

  /**
   * A page of the open episodes of all users whose transactions may be in a partition, by user.
   * Without those that cannot be read.
   *
   * @param afterUserId of later users only; empty for all of them
   * @param limit so many at most, at least 1
   */
  CompletionStage<OpenEpisodes> openEpisodes(int partition, String afterUserId, int limit);

  /**
   * Reads many users in a constant number of round trips. Every asked user is in the answer, but
   * for one of whom something is stored that cannot be read: that says so where people look, and is
   * no failure of the others.
   */
  CompletionStage<Map<String, UserHistory>> users(Collection<UserQuery> queries);

  /** Which of these transactions are stored. Exact: all three parts of the key are compared. */
  CompletionStage<Set<TransactionKey>> stored(Collection<TransactionKey> keys);

  /**
   * Stored exposures over (at − 24 h, at], minor units, one for each query and in its order. One
   * that 64 bits do not hold comes as {@link Long#MAX_VALUE} or {@link Long#MIN_VALUE}: what too
   * late records may add up to is bounded by nothing.
   */
  CompletionStage<List<Long>> exposures(List<ExposureQuery> queries);

  /**
   * Ids of the transactions at each instant, in order of arrival; one list for each query and in
   * its order. Asked for rarely: where an out-of-order record reveals an episode that an earlier
   * transaction opened.
   */
  CompletionStage<List<List<String>>> transactionIds(List<InstantQuery> queries);

  /**
   * A partition as stored.
   *
   * @param streamTimeMs highest event time that the partition has seen; {@link Long#MIN_VALUE}
   *     before any
   * @param accountsSeenMs changes of accounts recorded before this have been looked at, by the
   *     database's clock; {@link Long#MIN_VALUE} before any
   */
  record PartitionHistory(long streamTimeMs, long accountsSeenMs) {}

  /**
   * A page of open episodes.
   *
   * @param next the user after whom the next page begins; empty after the last one
   */
  record OpenEpisodes(List<OpenEpisode> episodes, Optional<String> next) {}

  /** A RAISED without its CLEARED. */
  record OpenEpisode(String userId, String episodeId, long raisedAtMs) {}

  /**
   * Asks for one user.
   *
   * @param knownFromMs the answer holds all of the user's transactions later than this, as far as
   *     they lie within 48 h of the latest, and all of the 24 h before the latest of them: at that
   *     instant a balance that has changed since is looked at
   */
  record UserQuery(String userId, long knownFromMs) {}

  /**
   * A user as stored.
   *
   * @param versions of the balance, those in force from {@code versionsFromMs} on, see {@link
   *     Accounts#versions}
   * @param entries ordered by event time, then by arrival; those that came too late are among them
   * @param episodes ordered by start: the open one, if any, and those that ended within 48 h of the
   *     latest transaction
   */
  record UserHistory(
      List<AccountBalance> versions,
      long versionsFromMs,
      List<Entry> entries,
      List<Episode> episodes) {}

  /**
   * One counted transaction.
   *
   * @param signedAmountMinor purchases positive, refunds negative, minor units
   * @param knownVersion highest number of a version of the balance that was known when it was
   *     assessed; 0 for none
   */
  record Entry(
      String transactionId,
      long eventTimeMs,
      long signedAmountMinor,
      String currency,
      long knownVersion) {}

  /**
   * An episode as announced.
   *
   * @param endMs {@link Long#MAX_VALUE} while open
   * @param knownVersion highest number of a version of the balance that was known; 0 for none
   */
  record Episode(String episodeId, long startMs, long endMs, long knownVersion) {}

  record TransactionKey(String userId, long eventTimeMs, String transactionId) {}

  record ExposureQuery(String userId, String currency, long atMs) {}

  record InstantQuery(String userId, long atMs) {}
}
