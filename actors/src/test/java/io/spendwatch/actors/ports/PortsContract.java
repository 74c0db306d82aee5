package io.spendwatch.actors.ports;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.actors.exposure.Announcement;
import io.spendwatch.actors.exposure.Assessment;
import io.spendwatch.actors.exposure.Assessment.Stored;
import io.spendwatch.actors.exposure.Received;
import io.spendwatch.actors.exposure.Rule;
import io.spendwatch.actors.ports.Accounts.Changes;
import io.spendwatch.actors.ports.Accounts.VersionsQuery;
import io.spendwatch.actors.ports.History.Entry;
import io.spendwatch.actors.ports.History.Episode;
import io.spendwatch.actors.ports.History.ExposureQuery;
import io.spendwatch.actors.ports.History.InstantQuery;
import io.spendwatch.actors.ports.History.OpenEpisode;
import io.spendwatch.actors.ports.History.OpenEpisodes;
import io.spendwatch.actors.ports.History.PartitionHistory;
import io.spendwatch.actors.ports.History.TransactionKey;
import io.spendwatch.actors.ports.History.UserHistory;
import io.spendwatch.actors.ports.History.UserQuery;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertIds;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.protocol.Verdict;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What the actors may rely on of {@link History} and {@link Accounts}. Whatever stands in for
 * PostgreSQL in a test keeps it, as PostgreSQL itself does.
 */
public abstract class PortsContract {
  protected static final int PARTITION = 0;

  private static final long HOUR_MS = 3_600_000L;
  private static final long DAY_MS = 24 * HOUR_MS;
  private static final long T0 = Instant.parse("2024-02-28T00:00:00Z").toEpochMilli();

  /** What is durable, empty before each test. */
  public interface Store {
    Accounts accounts();

    History history();

    /** The next version of a user's balance; the first one has number 1. */
    void putAccount(String userId, long balanceMinor, String currency, long asOfMs);

    /** Makes a batch of partition {@link #PARTITION} durable. */
    void write(
        List<Received> transactions,
        List<Assessment> assessments,
        List<Announcement> alerts,
        long streamTimeMs);
  }

  private Store store;
  private final List<Received> received = new ArrayList<>();
  private final List<Assessment> assessments = new ArrayList<>();
  private final List<Announcement> alerts = new ArrayList<>();
  private long offset;

  protected abstract Store emptyStore() throws Exception;

  @BeforeEach
  void begin() throws Exception {
    store = emptyStore();
  }

  @Test
  void hasSeenNothingInTheBeginning() {
    assertThat(await(store.history().partition(PARTITION)))
        .isEqualTo(new PartitionHistory(Long.MIN_VALUE, Long.MIN_VALUE));
    assertThat(openEpisodes("", 10)).isEqualTo(new OpenEpisodes(List.of(), Optional.empty()));
    UserHistory nobody = user("nobody", T0);
    assertThat(nobody).isEqualTo(new UserHistory(List.of(), T0, List.of(), List.of()));
  }

  @Test
  void knowsTheStreamTimeOfTheLastWrite() {
    add("a", "t1", T0, 5).write(T0 + 7);
    assertThat(await(store.history().partition(PARTITION)).streamTimeMs()).isEqualTo(T0 + 7);
  }

  @Test
  void findsStoredTransactionsByAllThreePartsOfTheirKey() {
    add("a", "t1", T0, 5).write(T0);
    TransactionKey key = new TransactionKey("a", T0, "t1");
    assertThat(
            await(
                store
                    .history()
                    .stored(
                        List.of(
                            key,
                            new TransactionKey("b", T0, "t1"),
                            new TransactionKey("a", T0 + 1, "t1"),
                            new TransactionKey("a", T0, "t2")))))
        .containsExactly(key);
    assertThat(await(store.history().stored(List.of()))).isEmpty();
  }

  @Test
  void sumsTheWindowThatIsOpenAtItsBeginAndClosedAtItsEndInOneCurrency() {
    add("a", "out", T0, 1).add("a", "first", T0 + 1, 10).refund("a", "refund", T0 + 5, 3);
    add("a", "last", T0 + DAY_MS, 100).add("a", "later", T0 + DAY_MS + 1, 1000);
    add("a", "other", T0 + 2, 10_000, "EUR").add("b", "another's", T0 + 2, 100_000);
    write(T0 + DAY_MS + 1);
    assertThat(
            await(
                store
                    .history()
                    .exposures(
                        List.of(
                            new ExposureQuery("a", "USD", T0 + DAY_MS),
                            new ExposureQuery("nobody", "USD", T0),
                            new ExposureQuery("a", "EUR", T0 + DAY_MS)))))
        .containsExactly(107L, 0L, 10_000L);
  }

  @Test
  void namesTransactionsOfAnInstantInTheirOrderOfArrival() {
    add("a", "z", T0, 1).add("a", "y", T0, 1).add("a", "else", T0 + 1, 1).add("b", "x", T0, 1);
    write(T0 + 1);
    add("a", "a", T0, 1).write(T0 + 1);
    assertThat(
            await(
                store
                    .history()
                    .transactionIds(
                        List.of(new InstantQuery("a", T0), new InstantQuery("a", T0 + 2)))))
        .containsExactly(List.of("z", "y", "a"), List.of());
  }

  @Test
  void readsAUsersTransactionsInOrderWithTheirSignAndWhatWasKnown() {
    add("a", "second", T0 + 2, 5).refund("a", "first", T0 + 1, 3).add("b", "other", T0, 1);
    write(T0 + 2);
    add("a", "same instant", T0 + 2, 7).write(T0 + 2);
    assertThat(user("a", T0).entries())
        .containsExactly(
            new Entry("first", T0 + 1, -3, "USD", 0),
            new Entry("second", T0 + 2, 5, "USD", 0),
            new Entry("same instant", T0 + 2, 7, "USD", 0));
    assertThat(user("a", T0 + 2).entries()).as("later than the bound, but for 24 h").hasSize(0);
  }

  @Test
  void readsNoFurtherBackThanTwoDaysBeforeTheLatestAndAtLeastOne() {
    for (int hour = 0; hour <= 72; hour += 12) {
      add("a", "h" + hour, T0 + hour * HOUR_MS, 1);
    }
    write(T0 + 3 * DAY_MS);
    assertThat(user("a", T0 - DAY_MS).entries())
        .extracting(Entry::transactionId)
        .containsExactly("h36", "h48", "h60", "h72");
    assertThat(user("a", T0 + 71 * HOUR_MS).entries())
        .as("the 24 h before the latest, whatever the bound")
        .extracting(Entry::transactionId)
        .containsExactly("h60", "h72");
  }

  @Test
  void readsVersionsInForceFromTheBoundOn() {
    store.putAccount("a", 100, "USD", T0);
    store.putAccount("a", 200, "USD", T0 + 10);
    store.putAccount("a", 300, "USD", T0 + 20);
    AccountBalance first = new AccountBalance(100, "USD", 1, T0);
    AccountBalance second = new AccountBalance(200, "USD", 2, T0 + 10);
    AccountBalance third = new AccountBalance(300, "USD", 3, T0 + 20);
    assertThat(
            await(
                store
                    .accounts()
                    .versions(List.of(new VersionsQuery("a", T0), new VersionsQuery("b", T0)))))
        .containsOnlyKeys("a")
        .containsEntry("a", List.of(first, second, third));
    assertThat(versions("a", T0 + 10)).containsExactly(first, second, third);
    assertThat(versions("a", T0 + 11)).containsExactly(second, third);
    assertThat(versions("a", Long.MIN_VALUE)).containsExactly(first, second, third);
    assertThat(user("a", T0 + 11).versions()).containsExactly(second, third);
  }

  @Test
  void saysWhichVersionIsInForceForAnEventTime() {
    store.putAccount("a", 100, "USD", T0);
    store.putAccount("a", 200, "USD", T0 + 10);
    assertThat(
            await(
                store
                    .accounts()
                    .inForce(
                        List.of(
                            new InstantQuery("a", T0 + 11),
                            new InstantQuery("a", T0 + 10),
                            new InstantQuery("a", T0 - 1),
                            new InstantQuery("nobody", T0)))))
        .containsExactly(
            new AccountBalance(200, "USD", 2, T0 + 10),
            new AccountBalance(100, "USD", 1, T0),
            new AccountBalance(100, "USD", 1, T0),
            null);
  }

  @Test
  void readsTheOpenEpisodeAndThoseThatEndedLately() {
    add("a", "t1", T0, 5).raise("a", "old", T0, 1).clear("a", "old", T0 + 1, 2);
    raise("a", "recent", T0 + HOUR_MS, 3).clear("a", "recent", T0 + 2 * HOUR_MS, 4);
    raise("a", "open", T0 + 3 * HOUR_MS, 5).raise("b", "another's", T0, 6);
    add("a", "t2", T0 + 2 * DAY_MS + 1, 5).write(T0 + 2 * DAY_MS + 1);
    assertThat(user("a", T0 - DAY_MS).episodes())
        .containsExactly(
            new Episode("recent", T0 + HOUR_MS, T0 + 2 * HOUR_MS, 4),
            new Episode("open", T0 + 3 * HOUR_MS, Long.MAX_VALUE, 5));
  }

  @Test
  void showsOpenEpisodesByUserPageByPage() {
    for (String userId : List.of("c", "a", "e", "b", "d")) {
      raise(userId, "of " + userId, T0, 0);
    }
    write(T0);
    clear("c", "of c", T0 + 1, 0).write(T0 + 1);
    assertThat(openEpisodes("", 2))
        .isEqualTo(
            new OpenEpisodes(
                List.of(new OpenEpisode("a", "of a", T0), new OpenEpisode("b", "of b", T0)),
                Optional.of("b")));
    assertThat(openEpisodes("b", 10))
        .isEqualTo(
            new OpenEpisodes(
                List.of(new OpenEpisode("d", "of d", T0), new OpenEpisode("e", "of e", T0)),
                Optional.empty()));
    assertThat(openEpisodes("e", 1).next()).isEmpty();
  }

  @Test
  void findsWhoseAccountHasChangedAndMayMatter() {
    for (String userId : List.of("a", "b", "not ours", "idle")) {
      store.putAccount(userId, 100, "USD", T0 + HOUR_MS);
    }
    add("a", "t1", T0, 5).add("b", "t2", T0, 5).add("not ours", "t3", T0, 5);
    add("no account", "t4", T0, 5).write(T0);
    Changes all = changes(List.of(), "", 10);
    assertThat(all.sinceMs()).containsOnlyKeys("a", "b");
    assertThat(all.sinceMs().get("a")).isLessThanOrEqualTo(T0 + HOUR_MS);
    assertThat(all.next()).isEmpty();
    assertThat(changes(List.of("b", "nobody"), "", 2).sinceMs()).containsOnlyKeys("b");
  }

  /** All of one instant, and in several blocks of any table. */
  @Test
  void findsChangedAccountsPageByPage() {
    List<String> users = IntStream.range(0, 400).mapToObj(i -> "user-" + i).toList();
    for (String userId : users) {
      store.putAccount(userId, 100, "USD", T0);
      add(userId, "t", T0, 5);
    }
    write(T0);
    Set<String> found = new HashSet<>();
    int pages = 0;
    Optional<String> from = Optional.of("");
    while (from.isPresent()) {
      Changes page = changes(List.of(), from.get(), 40);
      assertThat(page.sinceMs()).hasSizeLessThan(users.size());
      found.addAll(page.sinceMs().keySet());
      pages++;
      from = page.next();
    }
    assertThat(found).containsExactlyInAnyOrderElementsOf(users);
    assertThat(pages).isGreaterThan(2);
  }

  private PortsContract add(String userId, String id, long atMs, long amountMinor) {
    return add(userId, id, atMs, amountMinor, "USD");
  }

  private PortsContract add(
      String userId, String id, long atMs, long amountMinor, String currency) {
    return add(userId, id, atMs, amountMinor, currency, TransactionKind.PURCHASE);
  }

  private PortsContract refund(String userId, String id, long atMs, long amountMinor) {
    return add(userId, id, atMs, amountMinor, "USD", TransactionKind.REFUND);
  }

  private PortsContract add(
      String userId,
      String id,
      long atMs,
      long amountMinor,
      String currency,
      TransactionKind kind) {
    received.add(
        new Received(
            new Transaction(id, userId, amountMinor, currency, atMs, kind, null, null), offset++));
    assessments.add(new Stored(Verdict.NO_ACCOUNT, amountMinor, null, 0));
    return this;
  }

  private PortsContract raise(String userId, String episodeId, long atMs, long knownVersion) {
    return announce(AlertType.RAISED, userId, episodeId, atMs, knownVersion);
  }

  private PortsContract clear(String userId, String episodeId, long atMs, long knownVersion) {
    return announce(AlertType.CLEARED, userId, episodeId, atMs, knownVersion);
  }

  private PortsContract announce(
      AlertType type, String userId, String episodeId, long atMs, long knownVersion) {
    boolean isRaised = type == AlertType.RAISED;
    alerts.add(
        new Announcement(
            new Alert(
                AlertIds.alertId(episodeId, type),
                type,
                episodeId,
                userId,
                null,
                isRaised ? 2 : 0,
                1,
                "USD",
                1,
                atMs,
                atMs,
                false,
                null,
                isRaised ? AlertCause.BALANCE : AlertCause.EXPIRY,
                Rule.EXPOSURE_24H.applied(),
                new Alert.Source("transactions", PARTITION, 0)),
            knownVersion));
    return this;
  }

  private void write(long streamTimeMs) {
    store.write(List.copyOf(received), List.copyOf(assessments), List.copyOf(alerts), streamTimeMs);
    received.clear();
    assessments.clear();
    alerts.clear();
  }

  private UserHistory user(String userId, long knownFromMs) {
    return await(store.history().users(List.of(new UserQuery(userId, knownFromMs)))).get(userId);
  }

  private List<AccountBalance> versions(String userId, long fromMs) {
    return await(store.accounts().versions(List.of(new VersionsQuery(userId, fromMs)))).get(userId);
  }

  private OpenEpisodes openEpisodes(String afterUserId, int limit) {
    return await(store.history().openEpisodes(PARTITION, afterUserId, limit));
  }

  private Changes changes(List<String> userIds, String from, int limit) {
    Set<String> notOurs = Set.of("not ours");
    return await(
        store
            .accounts()
            .changes(
                userIds, Long.MIN_VALUE, T0, userId -> !notOurs.contains(userId), from, limit));
  }

  private static <T> T await(CompletionStage<T> answer) {
    return answer.toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
  }
}
