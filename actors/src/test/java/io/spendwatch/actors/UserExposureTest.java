package io.spendwatch.actors;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.actors.History.Entry;
import io.spendwatch.actors.History.Episode;
import io.spendwatch.actors.History.ExposureQuery;
import io.spendwatch.actors.History.TransactionKey;
import io.spendwatch.actors.History.UserHistory;
import io.spendwatch.actors.Judgement.Duplicate;
import io.spendwatch.actors.Judgement.Judged;
import io.spendwatch.actors.Judgement.Rejected;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.protocol.Verdict;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class UserExposureTest {

  private static final long HOUR_MS = 3_600_000L;
  private static final long DAY_MS = 24 * HOUR_MS;
  private static final long T0 = 1_600_000_000_000L;

  private final List<Transition> transitions = new ArrayList<>();

  @Test
  void looksAtABalanceAfterARestartOnlyUnlessATransactionWasHeldAgainstIt() {
    long streamTimeMs = T0 + DAY_MS + 1;
    var balance = new AccountBalance(80, "USD", 2, Long.MAX_VALUE);
    for (long heldAgainst : new long[] {1, 2}) {
      // What the expiry of the refund brings is a breach that opens nothing.
      List<Entry> entries =
          List.of(
              new Entry("refund", T0, -50, "USD", heldAgainst),
              new Entry("purchase", T0 + 1000, 100, "USD", heldAgainst));
      List<Transition> transitions = new ArrayList<>();
      UserExposure.restored(
          "u", new UserHistory(balance, entries, List.of()), 0, streamTimeMs, transitions);
      assertThat(transitions).hasSize(heldAgainst == 1 ? 1 : 0);
    }
  }

  @Test
  void staysClearWhenSpendEqualsTheBalance() {
    var user = new Subject(100);
    assertThat(user.purchase("a", T0, 60)).isEqualTo(judged(Verdict.CLEAR, 60));
    assertThat(user.purchase("b", T0 + 1, 40)).isEqualTo(judged(Verdict.CLEAR, 100));
    assertThat(transitions).isEmpty();
  }

  @Test
  void raisesOnceWhenSpendExceedsTheBalance() {
    var user = new Subject(100);
    user.purchase("a", T0, 60);
    assertThat(user.purchase("b", T0 + 1, 41)).isEqualTo(judged(Verdict.BREACH, 101));
    assertThat(user.purchase("c", T0 + 2, 5)).isEqualTo(judged(Verdict.BREACH, 106));
    assertThat(transitions)
        .singleElement()
        .satisfies(
            raised -> {
              assertThat(raised.type()).isEqualTo(AlertType.RAISED);
              assertThat(raised.transactionId()).isEqualTo("b");
              assertThat(raised.exposureMinor()).isEqualTo(101);
              assertThat(raised.transactions()).isEqualTo(2);
              assertThat(raised.late()).isFalse();
            });
  }

  @Test
  void forgetsATransactionExactly24HoursOld() {
    var user = new Subject(100);
    user.purchase("a", T0, 60);
    assertThat(user.purchase("b", T0 + DAY_MS - 1, 30)).isEqualTo(judged(Verdict.CLEAR, 90));
    assertThat(user.purchase("c", T0 + DAY_MS, 50)).isEqualTo(judged(Verdict.CLEAR, 80));
  }

  @Test
  void staysInBreachWhenWhatLeavesIsReplacedAtTheSameInstant() {
    var user = new Subject(100);
    user.purchase("a", T0, 60);
    user.purchase("b", T0 + HOUR_MS, 60);
    assertThat(user.purchase("c", T0 + DAY_MS, 60)).isEqualTo(judged(Verdict.BREACH, 120));
    assertThat(types()).containsExactly(AlertType.RAISED);
  }

  @Test
  void clearsAtTheInstantAtWhichTheExposureDippedInBetween() {
    var user = new Subject(100);
    user.purchase("a", T0, 60);
    user.purchase("b", T0 + HOUR_MS, 60);
    user.purchase("c", T0 + DAY_MS + 1, 60);
    assertThat(types()).containsExactly(AlertType.RAISED, AlertType.CLEARED, AlertType.RAISED);
    assertThat(transitions.get(1).atMs()).isEqualTo(T0 + DAY_MS);
    assertThat(transitions.get(1).cause()).isEqualTo(AlertCause.EXPIRY);
    assertThat(transitions.get(1).exposureMinor()).isEqualTo(60);
    assertThat(transitions.get(1).transactionId()).isNull();
  }

  @Test
  void clearsByRefundWithItsTransaction() {
    var user = new Subject(100);
    user.purchase("a", T0, 130);
    user.refund("r", T0 + 5, 30);
    assertThat(types()).containsExactly(AlertType.RAISED, AlertType.CLEARED);
    assertThat(transitions.get(1).cause()).isEqualTo(AlertCause.REFUND);
    assertThat(transitions.get(1).transactionId()).isEqualTo("r");
    assertThat(transitions.get(1).episodeId()).isEqualTo(transitions.get(0).episodeId());
  }

  @Test
  void theExpiryOfARefundOpensNothing() {
    var user = new Subject(100);
    user.refund("r", T0, 50);
    user.purchase("a", T0 + HOUR_MS, 140);
    user.exposure.advance(T0 + DAY_MS + HOUR_MS / 2, 9, transitions);
    assertThat(transitions).isEmpty();
    assertThat(user.purchase("b", T0 + DAY_MS + HOUR_MS / 2, 1))
        .isEqualTo(judged(Verdict.BREACH, 141));
    assertThat(types()).containsExactly(AlertType.RAISED);
  }

  @Test
  void anIdleUsersEpisodeEndsOnceStreamTimeHasPassedItsEnd() {
    var user = new Subject(100);
    user.purchase("a", T0, 130);
    assertThat(user.exposure.wakeAtMs()).isEqualTo(T0 + DAY_MS);
    user.exposure.advance(T0 + DAY_MS, 7, transitions);
    assertThat(types()).containsExactly(AlertType.RAISED);
    user.exposure.advance(T0 + DAY_MS + 1, 7, transitions);
    assertThat(types()).containsExactly(AlertType.RAISED, AlertType.CLEARED);
    assertThat(transitions.getLast().atMs()).isEqualTo(T0 + DAY_MS);
  }

  @Test
  void aLateRecordRaisesWhatBecomesVisibleOnlyNow() {
    var user = new Subject(100);
    user.purchase("a", T0, 60);
    user.purchase("b", T0 + 2 * HOUR_MS, 30);
    assertThat(user.purchase("late", T0 + HOUR_MS, 20)).isEqualTo(judged(Verdict.CLEAR, 80));
    assertThat(transitions)
        .singleElement()
        .satisfies(
            raised -> {
              assertThat(raised.late()).isTrue();
              assertThat(raised.atMs()).isEqualTo(T0 + 2 * HOUR_MS);
              assertThat(raised.exposureMinor()).isEqualTo(110);
              assertThat(raised.rank()).isZero();
            });
  }

  @Test
  void aLateRefundEndsTheEpisodeWhereItTookPlace() {
    var user = new Subject(100);
    user.purchase("a", T0, 130);
    user.purchase("b", T0 + 2 * HOUR_MS, 1);
    assertThat(user.refund("r", T0 + HOUR_MS, 50)).isEqualTo(judged(Verdict.CLEAR, 80));
    assertThat(types()).containsExactly(AlertType.RAISED, AlertType.CLEARED);
    assertThat(transitions.getLast().atMs()).isEqualTo(T0 + HOUR_MS);
    assertThat(transitions.getLast().late()).isTrue();
    assertThat(transitions.getLast().cause()).isEqualTo(AlertCause.REFUND);
  }

  @Test
  void aRecordOneDayBehindIsTooLate() {
    var user = new Subject(100);
    user.purchase("a", T0, 10);
    user.purchase("b", T0 + DAY_MS, 20);
    assertThat(user.purchase("c", T0, 5)).isEqualTo(judged(Verdict.TOO_LATE, 15));
    assertThat(user.purchase("d", T0 + 1, 5)).isEqualTo(judged(Verdict.CLEAR, 20));
  }

  @Test
  void aDuplicateCountsOnceEvenWithAnotherTime() {
    var user = new Subject(100);
    user.purchase("a", T0, 10);
    assertThat(user.purchase("a", T0, 10)).isEqualTo(new Duplicate());
    assertThat(user.purchase("a", T0 + 5, 10)).isEqualTo(new Duplicate());
    assertThat(user.purchase("b", T0 + 6, 1)).isEqualTo(judged(Verdict.CLEAR, 11));
  }

  @Test
  void anotherCurrencyIsRejected() {
    var user = new Subject(100);
    assertThat(user.assess(transaction("a", T0, 10, TransactionKind.PURCHASE, "EUR")))
        .isInstanceOfSatisfying(
            Rejected.class,
            rejected ->
                assertThat(rejected.reason()).isEqualTo(DeadLetterReason.CURRENCY_MISMATCH));
  }

  @Test
  void anOverflowIsAnErrorAndNotAWrap() {
    var user = new Subject(Long.MAX_VALUE);
    assertThat(user.purchase("a", T0, Long.MAX_VALUE))
        .isEqualTo(judged(Verdict.CLEAR, Long.MAX_VALUE));
    assertThat(user.purchase("b", T0, 1))
        .isInstanceOfSatisfying(
            Rejected.class,
            rejected -> assertThat(rejected.reason()).isEqualTo(DeadLetterReason.BAD_AMOUNT));
  }

  @Test
  void anOverflowAmongTooLateRecordsIsAnErrorToo() {
    var user = new Subject(100);
    long longAgoMs = T0 - 4 * DAY_MS;
    user.purchase("now", T0, 1);
    assertThat(user.purchase("a", longAgoMs, Long.MAX_VALUE - 1))
        .isEqualTo(judged(Verdict.TOO_LATE, Long.MAX_VALUE - 1));
    assertThat(user.purchase("b", longAgoMs, 2)).isInstanceOf(Rejected.class);
    // In nobody's window yet; from now on the stored sum at the first one's instant is too large.
    assertThat(user.purchase("c", longAgoMs - HOUR_MS, 1_000))
        .isEqualTo(judged(Verdict.TOO_LATE, 1_000));
    for (long amountMinor : new long[] {1, 2_000}) {
      assertThat(user.refund("r" + amountMinor, longAgoMs, amountMinor))
          .isInstanceOfSatisfying(
              Rejected.class,
              rejected -> assertThat(rejected.reason()).isEqualTo(DeadLetterReason.BAD_AMOUNT));
    }
  }

  @Test
  void noAlertRestsOnAStaleBalance() {
    var user = new Subject(100);
    user.inForce = account(1_000, 2);
    assertThat(user.purchase("a", T0, 500)).isEqualTo(new Judged(Verdict.CLEAR, 500, user.inForce));
    assertThat(transitions).isEmpty();
    assertThat(user.balanceReads).isEqualTo(1);
  }

  @Test
  void aTopUpEndsTheEpisodeAndADropRaises() {
    var user = new Subject(100);
    user.purchase("a", T0, 150);
    assertThat(user.exposure.changeBalance(account(200, 2), T0 + 9, 3, transitions)).isTrue();
    assertThat(user.exposure.changeBalance(account(140, 3), T0 + 9, 4, transitions)).isTrue();
    assertThat(types()).containsExactly(AlertType.RAISED, AlertType.CLEARED, AlertType.RAISED);
    assertThat(transitions.get(1).cause()).isEqualTo(AlertCause.BALANCE);
    assertThat(transitions.get(2).transactionId()).isNull();
  }

  @Test
  void countsTheWindowOnceAnUnknownUsersAccountAppears() {
    var user = new Subject((AccountBalance) null);
    assertThat(user.purchase("a", T0, 150)).isEqualTo(new Judged(Verdict.NO_ACCOUNT, 150, null));
    assertThat(user.exposure.changeBalance(account(100, 1), T0, 3, transitions)).isTrue();
    assertThat(types()).containsExactly(AlertType.RAISED);
  }

  @Test
  void inOrderHistoriesEqualTheNaiveRule() {
    for (long seed = 0; seed < 3_000; seed++) {
      Random random = new Random(seed);
      RandomHistory history = new RandomHistory(random, 0);
      history.run();
      long endMs = history.naive.latestMs() + 3 * DAY_MS;
      history.user.exposure.advance(endMs, 0, transitions);
      assertThat(announced())
          .as("seed %d", seed)
          .containsExactlyElementsOf(history.naive.breaches(endMs));
      transitions.clear();
    }
  }

  @Test
  void outOfOrderHistoriesHaveExactRowsAndTheRightOpenEpisode() {
    for (long seed = 0; seed < 3_000; seed++) {
      Random random = new Random(seed);
      RandomHistory history = new RandomHistory(random, 0.4);
      history.run();
      assertThat(new HashSet<>(transitions.stream().map(t -> t.type() + t.episodeId()).toList()))
          .as("seed %d: each end of an episode is announced once", seed)
          .hasSameSizeAs(transitions);
      transitions.clear();
    }
  }

  @Test
  void aRestoredUserGoesOnAsIfNothingHadHappened() {
    for (long seed = 0; seed < 1_000; seed++) {
      Random random = new Random(seed);
      RandomHistory history = new RandomHistory(random, 0.2);
      history.restoreEvery = 7;
      history.run();
      List<Transition> restoredOnTheWay = List.copyOf(transitions);
      transitions.clear();
      RandomHistory undisturbed = new RandomHistory(new Random(seed), 0.2);
      undisturbed.run();
      assertThat(restoredOnTheWay)
          .as("seed %d", seed)
          .usingRecursiveFieldByFieldElementComparatorIgnoringFields(
              "offset") // a restore may see the end of an episode first
          .isEqualTo(transitions);
      transitions.clear();
    }
  }

  private List<AlertType> types() {
    return transitions.stream().map(Transition::type).toList();
  }

  private List<NaiveUser.Interval> announced() {
    Map<String, NaiveUser.Interval> byEpisode = new LinkedHashMap<>();
    for (Transition transition : transitions) {
      byEpisode.merge(
          transition.episodeId(),
          new NaiveUser.Interval(transition.atMs(), Long.MAX_VALUE),
          (raised, _) -> new NaiveUser.Interval(raised.startMs(), transition.atMs()));
    }
    return List.copyOf(byEpisode.values());
  }

  private static Judged judged(Verdict verdict, long exposureMinor) {
    return new Judged(
        verdict,
        exposureMinor,
        account(
            verdict == Verdict.CLEAR && exposureMinor == Long.MAX_VALUE ? Long.MAX_VALUE : 100, 1));
  }

  private static AccountBalance account(long balanceMinor, long version) {
    return new AccountBalance(balanceMinor, "USD", version, 0);
  }

  private static Transaction transaction(
      String id, long atMs, long amountMinor, TransactionKind kind, String currency) {
    return new Transaction(id, "u", amountMinor, currency, atMs, kind, null, null);
  }

  /** A user and what is durable about it. */
  private final class Subject {
    AccountBalance inForce;
    UserExposure exposure;
    long streamTimeMs = Long.MIN_VALUE;
    long offset;
    int balanceReads;
    final List<Entry> rows = new ArrayList<>();
    final Set<TransactionKey> keys = new HashSet<>();

    Subject(long balanceMinor) {
      this(account(balanceMinor, 1));
    }

    Subject(AccountBalance balance) {
      inForce = balance;
      exposure =
          UserExposure.restored(
              "u", new UserHistory(balance, List.of(), List.of()), 0, streamTimeMs, transitions);
    }

    Judgement purchase(String id, long atMs, long amountMinor) {
      return assess(transaction(id, atMs, amountMinor, TransactionKind.PURCHASE, "USD"));
    }

    Judgement refund(String id, long atMs, long amountMinor) {
      return assess(transaction(id, atMs, amountMinor, TransactionKind.REFUND, "USD"));
    }

    Judgement assess(Transaction transaction) {
      Facts facts = new Facts();
      Received received = new Received(transaction, offset++);
      Judgement judgement = exposure.assess(received, streamTimeMs, facts, transitions);
      while (judgement == null) {
        answer(facts, received);
        judgement = exposure.assess(received, streamTimeMs, facts, transitions);
      }
      streamTimeMs = Math.max(streamTimeMs, transaction.eventTimeMs());
      if (judgement instanceof Judged judged) {
        store(transaction, judged.balance());
      }
      return judgement;
    }

    private void store(Transaction transaction, AccountBalance heldAgainst) {
      keys.add(key(transaction));
      rows.add(
          new Entry(
              transaction.transactionId(),
              transaction.eventTimeMs(),
              transaction.signedAmountMinor(),
              transaction.currency(),
              heldAgainst == null ? 0 : heldAgainst.version()));
    }

    private void answer(Facts facts, Received received) {
      Facts.Wanted wanted = facts.takeWanted();
      Map<ExposureQuery, Long> sums = new HashMap<>();
      for (ExposureQuery query : wanted.exposures()) {
        sums.put(query, storedSum(query.atMs()));
      }
      if (wanted.balance()) {
        balanceReads++;
      }
      facts.learn(new Facts.Answers(wanted.balance(), inForce, keys, sums));
      if (wanted.balance()) {
        exposure.changeBalance(inForce, streamTimeMs, received.offset(), transitions);
      }
    }

    private long storedSum(long atMs) {
      BigInteger sum = BigInteger.ZERO;
      for (var row : rows) {
        if (row.eventTimeMs() > atMs - DAY_MS && row.eventTimeMs() <= atMs) {
          sum = sum.add(BigInteger.valueOf(row.signedAmountMinor()));
        }
      }
      return sum.max(BigInteger.valueOf(Long.MIN_VALUE))
          .min(BigInteger.valueOf(Long.MAX_VALUE))
          .longValueExact();
    }

    /** As after a crash: only what is durable is known. */
    void restore() {
      long latestMs = rows.stream().mapToLong(Entry::eventTimeMs).max().orElse(0);
      List<Entry> entries =
          rows.stream()
              .filter(row -> row.eventTimeMs() > latestMs - 2 * DAY_MS)
              .sorted(Comparator.comparingLong(Entry::eventTimeMs))
              .toList();
      Map<String, Episode> episodes = new LinkedHashMap<>();
      for (Transition transition : transitions) {
        episodes.merge(
            transition.episodeId(),
            new Episode(transition.episodeId(), transition.atMs(), Long.MAX_VALUE),
            (raised, _) -> new Episode(raised.episodeId(), raised.startMs(), transition.atMs()));
      }
      List<Episode> recent =
          episodes.values().stream().filter(e -> e.endMs() > latestMs - 2 * DAY_MS).toList();
      exposure =
          UserExposure.restored(
              "u", new UserHistory(inForce, entries, recent), 0, streamTimeMs, transitions);
    }

    private TransactionKey key(Transaction transaction) {
      return new TransactionKey("u", transaction.eventTimeMs(), transaction.transactionId());
    }
  }

  /**
   * A random history on a coarse grid of instants, so that ties and edges at exactly 24 h are
   * frequent.
   */
  private final class RandomHistory {
    final Random random;
    final double disorder;
    final NaiveUser naive;
    final Subject user;
    final long balanceMinor;
    int restoreEvery = Integer.MAX_VALUE;

    RandomHistory(Random random, double disorder) {
      this.random = random;
      this.disorder = disorder;
      this.balanceMinor = random.nextLong(400) - 20;
      this.naive = new NaiveUser(balanceMinor);
      this.user = new Subject(balanceMinor);
    }

    void run() {
      long gridMs = List.of(1L, HOUR_MS, 6 * HOUR_MS, 7_777_777L).get(random.nextInt(4));
      long nowMs = T0;
      int size = 5 + random.nextInt(80);
      for (int i = 0; i < size; i++) {
        nowMs += random.nextInt(4) * gridMs;
        if (random.nextInt(15) == 0) {
          nowMs += DAY_MS - random.nextInt(3) * gridMs;
        }
        long atMs = nowMs;
        if (random.nextDouble() < disorder) {
          atMs -= random.nextInt(30) * gridMs;
        }
        String id = "t" + (random.nextInt(12) == 0 ? random.nextInt(i + 1) : i);
        TransactionKind kind =
            random.nextInt(5) == 0 ? TransactionKind.REFUND : TransactionKind.PURCHASE;
        check(transaction(id, atMs, 1 + random.nextInt(120), kind, "USD"));
        if (i % restoreEvery == restoreEvery - 1) {
          user.restore();
        }
      }
    }

    private void check(Transaction transaction) {
      boolean duplicate = naive.has(transaction.transactionId());
      boolean recentDuplicate =
          duplicate
              && user.rows.stream()
                  .anyMatch(
                      row ->
                          row.transactionId().equals(transaction.transactionId())
                              && row.eventTimeMs() > naive.latestMs() - 2 * DAY_MS);
      if (duplicate && !recentDuplicate) {
        return; // beyond 48 h only the same event time is recognised, which UserExposure leaves to
        // the key
      }
      boolean tooLate = naive.isTooLate(transaction.eventTimeMs());
      Judgement judgement = user.assess(transaction);
      if (duplicate) {
        assertThat(judgement).isEqualTo(new Duplicate());
        return;
      }
      long exposureMinor = naive.add(transaction);
      Verdict verdict =
          tooLate
              ? Verdict.TOO_LATE
              : exposureMinor > balanceMinor ? Verdict.BREACH : Verdict.CLEAR;
      assertThat(judgement).isEqualTo(new Judged(verdict, exposureMinor, account(balanceMinor, 1)));
      checkOpenEpisode();
    }

    private void checkOpenEpisode() {
      user.exposure.advance(user.streamTimeMs, user.offset, transitions);
      List<NaiveUser.Interval> truth = naive.breaches(user.streamTimeMs);
      boolean open = !truth.isEmpty() && truth.getLast().endMs() == Long.MAX_VALUE;
      assertThat(user.exposure.openSinceMs() != Long.MIN_VALUE)
          .as(
              "in breach after %s\n%s\n%s",
              transitions,
              user.rows.stream()
                  .map(
                      r ->
                          r.transactionId()
                              + "@"
                              + (r.eventTimeMs() - T0) / 3600000.0
                              + ":"
                              + r.signedAmountMinor())
                  .toList(),
              truth)
          .isEqualTo(open);
    }
  }
}
