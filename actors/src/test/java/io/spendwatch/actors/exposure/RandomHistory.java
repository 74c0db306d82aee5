package io.spendwatch.actors.exposure;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.actors.exposure.Assessment.Duplicate;
import io.spendwatch.actors.exposure.Assessment.Rejected;
import io.spendwatch.actors.exposure.Assessment.Stored;
import io.spendwatch.actors.exposure.NaiveUser.Version;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.protocol.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A user's history out of a seed, with everything at once: disorder, ties, too late records,
 * refunds, repeats, edges at exactly 24 h, versions of the balance in and out of order, repeated
 * and together, currencies, accounts that go, other users' time passing, and restarts. Instants lie
 * on one of several grids, from milliseconds to whole days. Each answer is held against {@link
 * NaiveUser}'s.
 */
final class RandomHistory {
  private static final long HOUR_MS = 3_600_000L;
  private static final long DAY_MS = 24 * HOUR_MS;
  private static final long T0 = 1_600_000_000_000L;
  private static final long[] GRIDS_MS = {
    1, 1_000, 60_000, HOUR_MS, 6 * HOUR_MS, 12 * HOUR_MS, DAY_MS, 7_777_777
  };

  private final Random random;
  private final NaiveUser naive = new NaiveUser();
  private final StoredUser stored = new StoredUser();
  private final boolean restarts;
  private final double disorder;
  private final double versions;
  private final boolean currencies;
  private final long gridMs;
  private final List<String> steps = new ArrayList<>();
  private long nowMs = T0;
  private long streamTimeMs = Long.MIN_VALUE;
  private long number;
  private int told;

  RandomHistory(long seed) {
    this.random = new Random(seed);
    this.gridMs = GRIDS_MS[random.nextInt(GRIDS_MS.length)];
    this.restarts = random.nextInt(3) == 0;
    this.disorder = random.nextInt(4) == 0 ? 0 : 0.5 * random.nextDouble();
    this.versions = random.nextInt(4) == 0 ? 0 : 0.4 * random.nextDouble();
    this.currencies = random.nextInt(4) == 0;
  }

  /** Runs it, comparing after each step. */
  void run() {
    try {
      if (random.nextInt(10) != 0) {
        version(T0 - random.nextInt(3) * gridMs);
      }
      int size = 5 + random.nextInt(random.nextInt(10) == 0 ? 150 : 40);
      for (int i = 0; i < size; i++) {
        step(i);
      }
      passTime(nowMs + 3 * DAY_MS);
      compare();
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError(String.join("\n", steps) + "\n" + e.getMessage(), e);
    }
  }

  private void step(int i) {
    nowMs += random.nextInt(4) * gridMs;
    if (random.nextInt(15) == 0) {
      nowMs += DAY_MS - random.nextInt(3) * gridMs;
    }
    if (random.nextDouble() < versions) {
      long asOfMs = nowMs - random.nextInt(6) * gridMs;
      if (random.nextInt(4) == 0) {
        asOfMs += (random.nextInt(20) - 14) * gridMs;
      }
      if (random.nextInt(12) == 0 && number > 0) {
        close(asOfMs);
      } else {
        version(asOfMs);
      }
    } else {
      long atMs = nowMs;
      if (random.nextDouble() < disorder) {
        atMs -= random.nextInt(30) * gridMs;
      }
      transact(i, atMs);
    }
    compare();
    if (random.nextInt(6) == 0) {
      passTime(nowMs + (random.nextInt(40) - 5) * gridMs);
      compare();
    }
    if (restarts && random.nextInt(5) == 0) {
      steps.add("restart");
      stored.restart(streamTimeMs);
      naive.passTime(streamTimeMs);
      compare();
    }
  }

  private String currency() {
    return currencies && random.nextInt(4) == 0 ? "EUR" : "USD";
  }

  private void transact(int i, long atMs) {
    String id = "t" + (random.nextInt(12) == 0 ? random.nextInt(i + 1) : i);
    TransactionKind kind =
        random.nextInt(4) == 0 ? TransactionKind.REFUND : TransactionKind.PURCHASE;
    var transaction =
        new Transaction(id, "u", 1 + random.nextInt(120), currency(), atMs, kind, null, null);
    if (stored.isForgotten(transaction)) {
      // Beyond 48 h an id is recognised with its event time only.
      return;
    }
    steps.add(
        "%s at %s of %s %s, time passed to %s"
            .formatted(
                id,
                hours(atMs),
                transaction.signedAmountMinor(),
                transaction.currency(),
                hours(streamTimeMs)));
    boolean duplicate = stored.has(id);
    boolean isForgottenUnlessAwake = stored.isForgottenUnlessAwake(transaction);
    CheckAnswer check = stored.check(transaction, streamTimeMs);
    CheckAnswer checkAbsent = stored.checkAbsent(transaction, streamTimeMs);
    Assessment assessment = stored.assess(transaction, streamTimeMs);
    compare(check, assessment);
    if (number > 0 && !isForgottenUnlessAwake) {
      // Without an account, the first currency counts that is known, however long ago it was.
      compare(checkAbsent, assessment);
    }
    if (duplicate) {
      naive.passTime(streamTimeMs);
      assertThat(assessment).isEqualTo(new Duplicate());
    } else {
      NaiveUser.Row row = naive.arrive(transaction, streamTimeMs);
      if (row.verdict() == null) {
        assertThat(assessment).isInstanceOf(Rejected.class);
      } else {
        assertThat(assessment)
            .isInstanceOfSatisfying(
                Stored.class,
                assessed -> {
                  assertThat(assessed.verdict().name()).isEqualTo(row.verdict());
                  assertThat(assessed.exposureMinor()).isEqualTo(row.exposureMinor());
                  assertThat(assessed.balance() == null ? 0 : assessed.balance().version())
                      .isEqualTo(row.balance() == null ? 0 : row.balance().number());
                });
      }
    }
    if (assessment instanceof Stored || assessment instanceof Duplicate) {
      streamTimeMs = Math.max(streamTimeMs, atMs);
    }
    // As a partition does at the end of a batch with whoever is due.
    stored.advance(streamTimeMs);
    naive.passTime(streamTimeMs);
  }

  /** What a check says is what the record then gets; and saying it has changed nothing. */
  private static void compare(CheckAnswer check, Assessment assessment) {
    switch (assessment) {
      case Duplicate _ -> assertThat(check.outcome()).isEqualTo(CheckAnswer.Outcome.DUPLICATE);
      case Rejected(var reason, String message) -> {
        assertThat(check.outcome()).isEqualTo(CheckAnswer.Outcome.REJECTED);
        assertThat(check.reason()).isEqualTo(reason.name());
        assertThat(check.message()).isEqualTo(message);
      }
      case Stored assessed -> {
        assertThat(check.exposureMinor()).isEqualTo(assessed.exposureMinor());
        assertThat(check.balance()).isEqualTo(assessed.balance());
        assertThat(CheckAnswer.TOO_LATE.equals(check.reason()))
            .isEqualTo(assessed.verdict() == Verdict.TOO_LATE);
        switch (assessed.verdict()) {
          case CLEAR -> assertThat(check.outcome()).isEqualTo(CheckAnswer.Outcome.WITHIN);
          case BREACH -> assertThat(check.outcome()).isEqualTo(CheckAnswer.Outcome.EXCEEDS);
          case NO_ACCOUNT -> assertThat(check.outcome()).isEqualTo(CheckAnswer.Outcome.NO_ACCOUNT);
          case TOO_LATE ->
              assertThat(check.outcome())
                  .isEqualTo(
                      assessed.balance() == null
                          ? CheckAnswer.Outcome.NO_ACCOUNT
                          : assessed.balance().isExceededBy(assessed.exposureMinor())
                              ? CheckAnswer.Outcome.EXCEEDS
                              : CheckAnswer.Outcome.WITHIN);
        }
      }
    }
  }

  private void version(long fromMs) {
    // After a restart late versions are looked at together, which can tell more than one by one.
    long asOfMs = restarts ? Math.max(fromMs, nowMs) : fromMs;
    List<Version> together = new ArrayList<>();
    do {
      Version version = new Version(++number, asOfMs, random.nextInt(300) - 20L, currency(), false);
      together.add(version);
      // Several of one instant more often than not: each of them is a point.
      asOfMs += random.nextBoolean() ? 0 : random.nextInt(3) * gridMs;
    } while (random.nextInt(3) == 0);
    learn(together);
  }

  private void close(long asOfMs) {
    Version last = stored.lastVersion();
    if (!last.closed()) {
      learn(
          List.of(
              new Version(
                  ++number,
                  Math.max(restarts ? nowMs : asOfMs, last.asOfMs()),
                  last.balanceMinor(),
                  last.currency(),
                  true)));
    }
  }

  private void learn(List<Version> together) {
    steps.add("versions " + together.stream().map(RandomHistory::text).toList());
    stored.learn(together, streamTimeMs);
    naive.learn(together, streamTimeMs);
  }

  private void passTime(long toMs) {
    streamTimeMs = Math.max(streamTimeMs, toMs);
    steps.add("time passes to " + hours(streamTimeMs));
    stored.advance(streamTimeMs);
    naive.passTime(streamTimeMs);
  }

  private void compare() {
    List<NaiveUser.Alert> must = normal(naive.alerts());
    List<NaiveUser.Alert> are = normal(stored.alerts());
    for (int i = 0; i < Math.max(must.size(), are.size()); i++) {
      assertThat(i < are.size() ? are.get(i) : null)
          .as("alert %d", i)
          .isEqualTo(i < must.size() ? must.get(i) : null);
    }
    for (NaiveUser.Alert alert : are.subList(told, are.size())) {
      steps.add("  " + alert);
    }
    told = are.size();
    stored.check();
  }

  /** Whether a version came behind another is not known any more after a restart. */
  private List<NaiveUser.Alert> normal(List<NaiveUser.Alert> alerts) {
    return restarts
        ? alerts.stream()
            .map(
                a ->
                    new NaiveUser.Alert(
                        a.type(),
                        a.episode(),
                        a.transactionId(),
                        a.exposureMinor(),
                        a.balanceMinor(),
                        a.transactions(),
                        a.eventTimeMs(),
                        a.late() && a.revealedBy() != null,
                        a.revealedBy(),
                        a.cause()))
            .toList()
        : alerts;
  }

  private static String text(Version version) {
    return "%d as of %s: %d %s%s"
        .formatted(
            version.number(),
            hours(version.asOfMs()),
            version.balanceMinor(),
            version.currency(),
            version.closed() ? " closed" : "");
  }

  private static String hours(long atMs) {
    return atMs == Long.MIN_VALUE
        ? "-"
        : "%d h %d ms".formatted((atMs - T0) / HOUR_MS, (atMs - T0) % HOUR_MS);
  }
}
