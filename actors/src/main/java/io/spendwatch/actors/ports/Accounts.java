package io.spendwatch.actors.ports;

import io.spendwatch.actors.ports.History.InstantQuery;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Port: the versions of account balances. All methods complete on any thread, take one round trip,
 * and fail only transiently (the caller's batch is tried again).
 */
public interface Accounts {

  /** What is wanted of a user: the versions in force at any instant from here on. */
  record VersionsQuery(String userId, long fromMs) {}

  /**
   * Reads versions, of each user in their order (by {@code asOfMs}, then by number): the last one
   * before the instant asked for, and all from there on. A closed account has a closed version
   * where it went. A user without any is absent from the answer, as is one of whom a version cannot
   * be read.
   */
  CompletionStage<Map<String, List<AccountBalance>>> versions(Collection<VersionsQuery> queries);

  /**
   * The version in force for each event time, in the order of the queries; null where the user has
   * none. Asked for rarely: where a transaction is too late.
   */
  CompletionStage<List<@Nullable AccountBalance>> inForce(List<InstantQuery> queries);

  /**
   * A page of changes that may not have been looked at.
   *
   * @param sinceMs by user: when the earliest of the versions begins
   * @param seenAtMs what was recorded before this, by the database's clock, is among them;
   *     milliseconds since the epoch
   * @param next where the next page begins, for who gives the pages; empty after the last one
   */
  record Changes(Map<String, Long> sinceMs, long seenAtMs, Optional<String> next) {}

  /**
   * Which users have a version that is new, or still to begin, and transactions that it may matter
   * for: later than 24 h before it. A page of them, in no order; a user may be in several.
   *
   * @param userIds only these users, all on one page; empty for all there are
   * @param recordedAfterMs what was recorded after this is new, with some minutes in addition for
   *     what was under way; by the database's clock, {@link Long#MIN_VALUE} for all
   * @param streamTimeMs of a partition: versions that do not begin before it are still to begin
   * @param isOurs of whom it is asked: all accounts may have changed, and most are of others
   * @param from where the page begins: {@link Changes#next} of the one before; empty for the first
   * @param limit about so many versions are looked through at most, at least 1
   */
  CompletionStage<Changes> changes(
      Collection<String> userIds,
      long recordedAfterMs,
      long streamTimeMs,
      Predicate<String> isOurs,
      String from,
      int limit);
}
