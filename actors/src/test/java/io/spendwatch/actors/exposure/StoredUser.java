package io.spendwatch.actors.exposure;

import io.spendwatch.actors.exposure.Assessment.Stored;
import io.spendwatch.actors.exposure.NaiveUser.Version;
import io.spendwatch.actors.exposure.Transition.Named;
import io.spendwatch.actors.exposure.Transition.Nobody;
import io.spendwatch.actors.exposure.Transition.Ranked;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.actors.ports.History.Entry;
import io.spendwatch.actors.ports.History.Episode;
import io.spendwatch.actors.ports.History.ExposureQuery;
import io.spendwatch.actors.ports.History.InstantQuery;
import io.spendwatch.actors.ports.History.TransactionKey;
import io.spendwatch.actors.ports.History.UserHistory;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.Transaction;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A {@link UserExposure}, and what is durable of it: whatever it asks is answered from that. */
final class StoredUser {
  private static final long DAY_MS = 86_400_000L;
  private static final int VERSIONS_MAX = 3;

  private final List<Entry> rows = new ArrayList<>();
  private final Set<TransactionKey> keys = new HashSet<>();
  private final List<AccountBalance> versions = new ArrayList<>();
  private final List<Transition> transitions = new ArrayList<>();
  private final List<NaiveUser.Alert> alerts = new ArrayList<>();
  private final Map<String, Integer> episodes = new HashMap<>();
  private final List<Long> knownVersions = new ArrayList<>();
  private int versionReads;
  private UserExposure exposure;
  private long offset;

  StoredUser() {
    restart(Long.MIN_VALUE);
  }

  UserExposure exposure() {
    return exposure;
  }

  /** All that was announced, with the ids of transactions that were known by their rank only. */
  List<NaiveUser.Alert> alerts() {
    return alerts;
  }

  List<Transition> transitions() {
    return transitions;
  }

  int versionReads() {
    return versionReads;
  }

  boolean has(String transactionId) {
    return rows.stream().anyMatch(row -> row.transactionId().equals(transactionId));
  }

  /** Whether its id is stored, so long ago that only its key would be recognised. */
  boolean isForgotten(Transaction transaction) {
    return isForgotten(transaction, latestMs());
  }

  /** The same for a user who is read for the transaction: so long before it. */
  boolean isForgottenUnlessAwake(Transaction transaction) {
    return isForgotten(transaction, transaction.eventTimeMs());
  }

  private boolean isForgotten(Transaction transaction, long untilMs) {
    return has(transaction.transactionId())
        && rows.stream()
            .noneMatch(
                row ->
                    row.transactionId().equals(transaction.transactionId())
                        && row.eventTimeMs() > untilMs - 2 * DAY_MS);
  }

  Version lastVersion() {
    AccountBalance last =
        versions.stream().max(Comparator.comparingLong(AccountBalance::version)).orElseThrow();
    return new Version(
        last.version(), last.asOfMs(), last.balanceMinor(), last.currency(), last.closed());
  }

  Assessment assess(Transaction transaction, long toMs) {
    Facts facts = new Facts();
    Received received = new Received(transaction, offset++);
    Assessment assessment = exposure.assess(received, toMs, facts, transitions);
    while (assessment == null) {
      answer(facts, received, toMs);
      assessment = exposure.assess(received, toMs, facts, transitions);
    }
    if (assessment instanceof Stored assessed) {
      keys.add(new TransactionKey("u", transaction.eventTimeMs(), transaction.transactionId()));
      rows.add(
          new Entry(
              transaction.transactionId(),
              transaction.eventTimeMs(),
              transaction.signedAmountMinor(),
              transaction.currency(),
              assessed.knownVersion()));
    }
    settle();
    return assessment;
  }

  /** What a check says before the transaction comes, of the user in memory. */
  CheckAnswer check(Transaction transaction, long toMs) {
    return answer(Trial.onCopy(exposure.copy(), transaction, toMs, toMs));
  }

  /** The same, of the user as it would be read for it if it were not in memory. */
  CheckAnswer checkAbsent(Transaction transaction, long toMs) {
    long knownFromMs = transaction.eventTimeMs() - 2 * DAY_MS;
    var read = restored(knownFromMs, toMs, new ArrayList<>());
    return answer(Trial.onRead(read, transaction, toMs, toMs, knownFromMs));
  }

  private CheckAnswer answer(Trial trial) {
    Optional<CheckAnswer> answer = trial.answer();
    while (answer.isEmpty()) {
      trial.learn(answers(trial.wanted()));
      answer = trial.answer();
    }
    return answer.get();
  }

  void advance(long toMs) {
    exposure.advance(toMs, -1, transitions);
    settle();
  }

  /** New versions are stored, and known at once. */
  void learn(List<Version> news, long toMs) {
    for (Version version : news) {
      store(version);
    }
    refresh(toMs);
  }

  /** Stored, and nobody is told. */
  void store(Version version) {
    versions.add(
        new AccountBalance(
            version.balanceMinor(),
            version.currency(),
            version.number(),
            version.asOfMs(),
            version.closed()));
    versions.sort(
        Comparator.comparingLong(AccountBalance::asOfMs)
            .thenComparingLong(AccountBalance::version)
            .thenComparing(AccountBalance::closed));
  }

  void refresh(long toMs) {
    long fromMs = exposure.reachMs();
    exposure.learn(versionsFrom(fromMs), fromMs, toMs, -1, transitions);
    exposure.advance(toMs, -1, transitions);
    settle();
  }

  /** What holds after each step. */
  void check() {
    Set<String> ids = new HashSet<>();
    for (Transition transition : transitions) {
      if (!ids.add(transition.type() + transition.episodeId())) {
        throw new AssertionError("announced twice: " + transition);
      }
      boolean isExcess = transition.exposureMinor() > transition.balance().balanceMinor();
      if (isExcess != (transition.type() == AlertType.RAISED) && !transition.balance().closed()) {
        throw new AssertionError("states the wrong figures: " + transition);
      }
    }
  }

  private void settle() {
    exposure.trim(VERSIONS_MAX);
    for (Transition transition : transitions.subList(alerts.size(), transitions.size())) {
      int episode = episodes.computeIfAbsent(transition.episodeId(), _ -> episodes.size());
      knownVersions.add(exposure.knownVersion());
      alerts.add(
          new NaiveUser.Alert(
              transition.type().name(),
              episode,
              transactionId(transition),
              transition.exposureMinor(),
              transition.balance().balanceMinor(),
              transition.transactions(),
              transition.atMs(),
              transition.late(),
              transition.revealedBy(),
              transition.cause() == null ? null : transition.cause().name()));
    }
  }

  private String transactionId(Transition transition) {
    return switch (transition.transaction()) {
      case Nobody _ -> null;
      case Named(String id) -> id;
      case Ranked(int rank) ->
          rows.stream()
              .filter(row -> row.eventTimeMs() == transition.atMs())
              .toList()
              .get(rank)
              .transactionId();
    };
  }

  private void answer(Facts facts, Received received, long toMs) {
    Facts.Answers answers = answers(facts.takeWanted());
    facts.learn(answers);
    if (answers.hasVersions()) {
      versionReads++;
      exposure.learn(
          answers.versions(), answers.versionsFromMs(), toMs, received.offset(), transitions);
    }
  }

  private Facts.Answers answers(Facts.Wanted wanted) {
    Map<ExposureQuery, Long> sums = new HashMap<>();
    for (ExposureQuery query : wanted.exposures()) {
      sums.put(query, storedSum(query.atMs(), query.currency()));
    }
    Map<InstantQuery, AccountBalance> inForce = new HashMap<>();
    for (InstantQuery query : wanted.inForce()) {
      inForce.put(query, inForce(query.atMs()));
    }
    List<AccountBalance> read =
        wanted.versions() ? versionsFrom(wanted.versionsFromMs()) : List.of();
    return new Facts.Answers(wanted.versionsFromMs(), read, keys, sums, inForce);
  }

  private List<AccountBalance> versionsFrom(long fromMs) {
    long floorMs =
        versions.stream()
            .mapToLong(AccountBalance::asOfMs)
            .filter(asOfMs -> asOfMs < fromMs)
            .max()
            .orElse(Long.MIN_VALUE);
    return versions.stream().filter(version -> version.asOfMs() >= floorMs).toList();
  }

  private AccountBalance inForce(long atMs) {
    AccountBalance inForce = versions.isEmpty() ? null : versions.getFirst();
    for (AccountBalance version : versions) {
      if (version.asOfMs() < atMs) {
        inForce = version;
      }
    }
    return inForce;
  }

  private long storedSum(long atMs, String currency) {
    BigInteger sum = BigInteger.ZERO;
    for (var row : rows) {
      if (row.eventTimeMs() > atMs - DAY_MS
          && row.eventTimeMs() <= atMs
          && row.currency().equals(currency)) {
        sum = sum.add(BigInteger.valueOf(row.signedAmountMinor()));
      }
    }
    return sum.max(BigInteger.valueOf(Long.MIN_VALUE))
        .min(BigInteger.valueOf(Long.MAX_VALUE))
        .longValueExact();
  }

  private long latestMs() {
    return rows.stream().mapToLong(Entry::eventTimeMs).max().orElse(0);
  }

  /** As after a crash: only what is durable is known. */
  void restart(long toMs) {
    exposure = restored(latestMs() - 2 * DAY_MS, toMs, transitions);
    settle();
  }

  private UserExposure restored(long knownFromMs, long toMs, List<Transition> out) {
    long latestMs =
        rows.stream()
            .mapToLong(Entry::eventTimeMs)
            .filter(eventTimeMs -> eventTimeMs > knownFromMs)
            .max()
            .orElse(Long.MAX_VALUE);
    long reachMs = Math.min(Math.max(knownFromMs, latestMs - 2 * DAY_MS), latestMs - DAY_MS);
    List<Entry> entries =
        rows.stream()
            .filter(row -> row.eventTimeMs() > reachMs)
            .sorted(Comparator.comparingLong(Entry::eventTimeMs))
            .toList();
    Map<String, Episode> announced = new LinkedHashMap<>();
    for (int i = 0; i < transitions.size(); i++) {
      Transition transition = transitions.get(i);
      long known = knownVersions.get(i);
      announced.merge(
          transition.episodeId(),
          new Episode(transition.episodeId(), transition.atMs(), Long.MAX_VALUE, known),
          (raised, _) ->
              new Episode(raised.episodeId(), raised.startMs(), transition.atMs(), known));
    }
    List<Episode> recent =
        announced.values().stream()
            .filter(episode -> episode.endMs() > latestMs - 2 * DAY_MS)
            .sorted(Comparator.comparingLong(Episode::startMs))
            .toList();
    return UserExposure.restored(
        "u",
        new UserHistory(versionsFrom(knownFromMs), knownFromMs, entries, recent),
        knownFromMs,
        toMs,
        out);
  }
}
