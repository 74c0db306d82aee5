package io.spendwatch.streams.ledger;

import io.spendwatch.streams.database.EventTimes;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Tables accounts, account_versions and balances_progress of the {@link SimulatedPostgres}, what
 * the triggers on them do, and what their statements promise.
 */
public final class SimulatedAccounts {
  /** A row of table accounts. */
  public record Account(
      String userId,
      String username,
      String currency,
      long balanceMinor,
      long version,
      long lastVersion,
      long asOfMs) {}

  /**
   * A row of table account_versions.
   *
   * @param closedAtMs null where the account has not gone with it
   */
  public record Version(
      long number,
      long asOfMs,
      long balanceMinor,
      String currency,
      Long closedAtMs,
      Long closedNumber) {}

  private final Map<String, Account> accounts = new LinkedHashMap<>();

  private final Map<String, Long> closedVersions = new HashMap<>();

  private final Map<String, List<Version>> versions = new TreeMap<>();

  /** When a version was recorded, or an account went, by the server's clock. */
  private final Map<String, Long> changedAtMs = new HashMap<>();

  /** Table balances_progress, the newest of each partition. */
  private final Map<String, Long> balancesPlaces = new TreeMap<>();

  private final LongSupplier clock;
  private final Consumer<Set<String>> onAccountsChanged;

  /**
   * @param clock the server's, milliseconds
   * @param onAccountsChanged the trigger's notification
   */
  SimulatedAccounts(LongSupplier clock, Consumer<Set<String>> onAccountsChanged) {
    this.clock = clock;
    this.onAccountsChanged = onAccountsChanged;
  }

  Map<String, Account> accounts() {
    return accounts;
  }

  /** All versions by user, of each in their order. */
  Map<String, List<Version>> versions() {
    return versions;
  }

  List<Version> versions(String userId) {
    return versions.getOrDefault(userId, List.of());
  }

  /** Writes an account as any writer may, with an as_of of its own. */
  void write(String userId, String currency, long balanceMinor, long asOfMs) {
    Account before = accounts.get(userId);
    String username = before == null ? null : before.username;
    if (put(userId, username, currency, balanceMinor, asOfMs)) {
      onAccountsChanged.accept(Set.of(userId));
    }
  }

  /**
   * Deletes an account.
   *
   * @param closedAtMs when that is, by the server's clock
   */
  void remove(String userId, long closedAtMs) {
    Account gone = accounts.remove(userId);
    if (gone != null) {
      long number = gone.lastVersion + 1;
      closedVersions.put(userId, number);
      versions
          .get(userId)
          .replaceAll(
              version ->
                  version.number == gone.version
                      ? new Version(
                          version.number,
                          version.asOfMs,
                          version.balanceMinor,
                          version.currency,
                          Math.max(closedAtMs, version.asOfMs),
                          number)
                      : version);
      changedAtMs.put(userId, clock.getAsLong());
      onAccountsChanged.accept(Set.of(userId));
    }
  }

  /** What the triggers make of it; says whether there is a new version. */
  private boolean put(
      String userId, String username, String currency, long balanceMinor, long asOfMs) {
    Account before = accounts.get(userId);
    List<Version> all = versions.computeIfAbsent(userId, _ -> new ArrayList<>());
    boolean known =
        before != null
            && all.stream()
                .anyMatch(
                    version ->
                        version.asOfMs == asOfMs
                            && version.balanceMinor == balanceMinor
                            && version.currency.equals(currency));
    if (known) {
      accounts.put(
          userId,
          new Account(
              userId,
              username,
              before.currency,
              before.balanceMinor,
              before.version,
              before.lastVersion,
              before.asOfMs));
      return false;
    }
    long number =
        1 + (before == null ? closedVersions.getOrDefault(userId, 0L) : before.lastVersion);
    if (before == null) {
      all.replaceAll(
          version ->
              version.closedAtMs != null && version.closedAtMs >= asOfMs
                  ? new Version(
                      version.number,
                      version.asOfMs,
                      version.balanceMinor,
                      version.currency,
                      null,
                      null)
                  : version);
    }
    all.add(new Version(number, asOfMs, balanceMinor, currency, null, null));
    all.sort(Comparator.comparingLong(Version::asOfMs).thenComparingLong(Version::number));
    Version newest = all.getLast();
    accounts.put(
        userId,
        new Account(
            userId,
            username,
            newest.currency,
            newest.balanceMinor,
            newest.number,
            number,
            newest.asOfMs));
    changedAtMs.put(userId, clock.getAsLong());
    return true;
  }

  RowSet<Row> applyBalances(Tuple in) {
    String place = place(in.getString(6), in.getInteger(7));
    Long known = balancesPlaces.get(place);
    if (known == null || known < in.getLong(8)) {
      return new SimulatedRows().add(false);
    }
    balancesPlaces.merge(place, in.getLong(9), Math::max);
    Set<String> announced = new HashSet<>();
    for (int i = 0; i < in.getArrayOfStrings(1).length; i++) {
      String userId = in.getArrayOfStrings(1)[i];
      Account before = accounts.get(userId);
      String given = in.getArrayOfStrings(2)[i];
      if (put(
          userId,
          given != null || before == null ? given : before.username,
          in.getArrayOfStrings(3)[i],
          in.getArrayOfLongs(4)[i],
          EventTimes.toMs(in.getArrayOfOffsetDateTimes(5)[i]))) {
        announced.add(userId);
      }
    }
    if (!announced.isEmpty()) {
      onAccountsChanged.accept(announced);
    }
    return new SimulatedRows().add(true);
  }

  RowSet<Row> balancesPlace(Tuple in) {
    return new SimulatedRows().add(balancesPlaces.get(place(in.getString(0), in.getInteger(1))));
  }

  RowSet<Row> noteBalancesPlace(Tuple in) {
    balancesPlaces.merge(place(in.getString(0), in.getInteger(1)), in.getLong(2), Math::max);
    return new SimulatedRows();
  }

  private static String place(String topicId, int partition) {
    return topicId + "-" + partition;
  }

  RowSet<Row> readVersions(Tuple in) {
    SimulatedRows rows = new SimulatedRows();
    for (int i = 0; i < in.getArrayOfStrings(0).length; i++) {
      String userId = in.getArrayOfStrings(0)[i];
      long fromMs = EventTimes.toMs(in.getArrayOfOffsetDateTimes(1)[i]);
      long floorMs =
          versions(userId).stream()
              .mapToLong(Version::asOfMs)
              .filter(asOfMs -> asOfMs < fromMs)
              .max()
              .orElse(Long.MIN_VALUE);
      Account account = accounts.get(userId);
      boolean newestSuffices =
          account != null && (account.lastVersion == 1 || account.asOfMs < fromMs);
      for (Version version : versions(userId)) {
        boolean matters =
            version.asOfMs >= floorMs
                || (version.closedAtMs != null && version.closedAtMs >= floorMs);
        if (newestSuffices ? version.number == account.version : matters) {
          rows.add(
              userId,
              version.balanceMinor,
              version.currency,
              version.number,
              EventTimes.toDatabase(version.asOfMs),
              time(version.closedAtMs),
              version.closedNumber);
        }
      }
    }
    return rows;
  }

  RowSet<Row> versionsInForce(Tuple in) {
    SimulatedRows rows = new SimulatedRows();
    for (int i = 0; i < in.getArrayOfStrings(0).length; i++) {
      List<Version> all = versions(in.getArrayOfStrings(0)[i]);
      long atMs = EventTimes.toMs(in.getArrayOfOffsetDateTimes(1)[i]);
      Version inForce = all.isEmpty() ? null : all.getFirst();
      for (Version version : all) {
        inForce = version.asOfMs < atMs ? version : inForce;
      }
      Version gone = null;
      for (Version version : all) {
        if (version.closedAtMs != null
            && version.closedAtMs < atMs
            && (gone == null || version.closedAtMs >= gone.closedAtMs)) {
          gone = version;
        }
      }
      boolean isOpen =
          gone == null
              || inForce.asOfMs > gone.closedAtMs
              || (inForce.asOfMs == gone.closedAtMs && inForce.number > gone.closedNumber);
      inForce = isOpen ? inForce : gone;
      if (inForce == null) {
        rows.add(null, null, null, null, null, null);
      } else {
        rows.add(
            inForce.balanceMinor,
            inForce.currency,
            inForce.number,
            EventTimes.toDatabase(inForce.asOfMs),
            isOpen ? null : time(inForce.closedAtMs),
            isOpen ? null : inForce.closedNumber);
      }
    }
    return rows;
  }

  private static OffsetDateTime time(Long timeMs) {
    return timeMs == null ? null : EventTimes.toDatabase(timeMs);
  }

  /** More than is promised: users' changes are not told apart. */
  RowSet<Row> findChanges(Tuple in) {
    List<String> asked = List.of(in.getArrayOfStrings(0));
    long limit = in.getLong(3) == null ? Long.MAX_VALUE : in.getLong(3);
    SimulatedRows rows = new SimulatedRows();
    OffsetDateTime now = EventTimes.toDatabase(clock.getAsLong());
    versions.forEach(
        (userId, all) -> {
          if (rows.size() < limit
              && (asked.isEmpty() || asked.contains(userId))
              && hasChanged(userId, in.getOffsetDateTime(1), in.getOffsetDateTime(2))) {
            rows.add(now, userId, EventTimes.toDatabase(all.getFirst().asOfMs), 1L);
          }
        });
    return rows.isEmpty() ? rows.add(now, null, null, null) : rows;
  }

  /** Each account is a block by itself. */
  RowSet<Row> walkChanges(Tuple in) {
    SimulatedRows rows = new SimulatedRows();
    OffsetDateTime now = EventTimes.toDatabase(clock.getAsLong());
    List<String> userIds = List.copyOf(versions.keySet());
    int end = Math.min(userIds.size(), block(in.getString(3)));
    for (int i = block(in.getString(2)); i < end; i++) {
      String userId = userIds.get(i);
      if (hasChanged(userId, in.getOffsetDateTime(0), in.getOffsetDateTime(1))) {
        OffsetDateTime since = EventTimes.toDatabase(versions.get(userId).getFirst().asOfMs);
        rows.add(now, "1 2", (long) userIds.size(), userId, since);
      }
    }
    return rows.isEmpty() ? rows.add(now, "1 2", (long) userIds.size(), null, null) : rows;
  }

  private static int block(String place) {
    return Integer.parseInt(place.substring(1, place.indexOf(',')));
  }

  private boolean hasChanged(
      String userId, OffsetDateTime recordedAfter, OffsetDateTime streamTime) {
    long recordedAfterMs = EventTimes.toMs(recordedAfter.minusMinutes(10));
    long streamTimeMs = EventTimes.toMs(streamTime);
    return changedAtMs.getOrDefault(userId, Long.MIN_VALUE) > recordedAfterMs
        || versions.get(userId).stream().anyMatch(v -> v.asOfMs >= streamTimeMs);
  }
}
