package io.spendwatch.actors.partition;

import io.spendwatch.actors.exposure.Announcement;
import io.spendwatch.actors.exposure.Assessment;
import io.spendwatch.actors.exposure.Received;
import io.spendwatch.actors.exposure.Rule;
import io.spendwatch.actors.exposure.Transition;
import io.spendwatch.actors.exposure.Transition.Named;
import io.spendwatch.actors.exposure.Transition.Nobody;
import io.spendwatch.actors.exposure.Transition.Ranked;
import io.spendwatch.actors.partition.AwakeUsers.Awake;
import io.spendwatch.actors.partition.ChangedAccounts.Changed;
import io.spendwatch.actors.partition.PartitionCommand.Assess;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.actors.ports.History.InstantQuery;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertIds;
import io.spendwatch.protocol.DeadLetterReason;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * One batch on its way through a {@link PartitionActor}: whose transactions it has, who has still
 * to answer, and what was said so far. Not thread-safe: lives in that actor.
 */
final class Batch {
  private static final Alert.AppliedRule RULE = Rule.EXPOSURE_24H.applied();

  /**
   * One user's share of the batch, in order. It keeps where the user was found: each look among all
   * who are awake waits for memory.
   */
  static final class Share {
    private final String userId;
    private @Nullable Awake user;
    private final List<Received> transactions = new ArrayList<>(2);
    private int[] places = new int[2];
    private long[] passedMs = new long[2];
    private long earliestMs = Long.MAX_VALUE;

    private Share(String userId) {
      this.userId = userId;
    }

    String userId() {
      return userId;
    }

    /** Earliest event time of these transactions. */
    long earliestMs() {
      return earliestMs;
    }

    /** Null as long as the user was not found awake. */
    @Nullable Awake user() {
      return user;
    }

    /** Who stays awake until the batch is over. */
    void found(@Nullable Awake awake) {
      user = awake;
    }

    private void add(Received received, int place, long toMs) {
      int size = transactions.size();
      if (size == places.length) {
        places = Arrays.copyOf(places, size * 2);
        passedMs = Arrays.copyOf(passedMs, size * 2);
      }
      places[size] = place;
      passedMs[size] = toMs;
      transactions.add(received);
      earliestMs = Math.min(earliestMs, received.transaction().eventTimeMs());
    }
  }

  private record Happened(String userId, Transition transition, long knownVersion) {}

  private final long id;
  private final int partition;
  private final String topic;
  private final long clearGraceMs;
  private final Assess assess;
  private ActorRef<PartitionCommand.Reply> replyTo;
  private int asked = 1;

  private long streamTimeBeforeMs;
  private long streamTimeMs;
  private final Map<String, Share> shares;
  private final Assessment[] assessments;
  private final List<Happened> happened = new ArrayList<>();
  private final Map<String, Long> restoredFromMs = new HashMap<>();
  private final Set<String> touched = new HashSet<>();
  private boolean sharesTouched;
  private Set<String> advances = new HashSet<>();
  private Changed changed = new Changed(Set.of(), Set.of(), false);
  private FactsRound factsRound = new FactsRound();
  private int unanswered;

  /**
   * @param clearGraceMs by how much stream time must have passed what is dealt with by time alone
   */
  Batch(long id, int partition, String topic, long clearGraceMs, Assess assess) {
    this.id = id;
    this.partition = partition;
    this.topic = topic;
    this.clearGraceMs = clearGraceMs;
    this.assess = assess;
    this.replyTo = assess.replyTo();
    int transactions = assess.transactions().size();
    this.assessments = new Assessment[transactions];
    // Most are of different users; where they are not, it is soon gone.
    this.shares = LinkedHashMap.newLinkedHashMap(transactions);
  }

  long id() {
    return id;
  }

  long sequence() {
    return assess.sequence();
  }

  long lastOffset() {
    return assess.lastOffset();
  }

  /** Without transactions, it can change nothing but by alerts. */
  boolean isMereTick() {
    return assess.transactions().isEmpty();
  }

  boolean balancesPushed() {
    return assess.balancesPushed();
  }

  boolean isRepeatedBy(Assess other) {
    return other.sequence() == assess.sequence();
  }

  void answerTo(ActorRef<PartitionCommand.Reply> asker) {
    replyTo = asker;
    asked++;
  }

  /** How often it has been asked for. */
  int asked() {
    return asked;
  }

  ActorRef<PartitionCommand.Reply> replyTo() {
    return replyTo;
  }

  /** Shares the transactions out to their users. */
  void begin(long partitionStreamTimeMs) {
    streamTimeBeforeMs = partitionStreamTimeMs;
    streamTimeMs = partitionStreamTimeMs;
    int place = 0;
    for (Received received : assess.transactions()) {
      shares
          .computeIfAbsent(received.transaction().userId(), Share::new)
          .add(received, place++, passed(streamTimeMs));
      streamTimeMs = Math.max(streamTimeMs, received.transaction().eventTimeMs());
    }
  }

  Collection<Share> shares() {
    return shares.values();
  }

  /** Whether there are transactions of this user. */
  boolean isOf(String userId) {
    return shares.containsKey(userId);
  }

  /** Earliest event time of the user's transactions here; the stream time where there are none. */
  long earliestMs(String userId) {
    Share share = shares.get(userId);
    return share == null ? Math.max(0, streamTimeBeforeMs) : share.earliestMs;
  }

  long streamTimeBeforeMs() {
    return streamTimeBeforeMs;
  }

  /** Highest event time that the partition has seen, this batch included. */
  long streamTimeMs() {
    return streamTimeMs;
  }

  /**
   * Until when time has passed for points without a transaction: stream time, moved on by how long
   * the partition has been idle.
   */
  long clockMs() {
    return streamTimeMs == Long.MIN_VALUE ? streamTimeMs : passed(streamTimeMs + assess.idleMs());
  }

  /** Until when time has passed before the batch. */
  long passedBeforeMs() {
    return passed(streamTimeBeforeMs);
  }

  private long passed(long streamTimeMs) {
    return streamTimeMs == Long.MIN_VALUE ? streamTimeMs : streamTimeMs - clearGraceMs;
  }

  long nowMs() {
    return assess.nowMs();
  }

  void restore(String userId, long knownFromMs) {
    restoredFromMs.put(userId, knownFromMs);
    touched.add(userId);
  }

  long knownFromMs(String userId) {
    return Objects.requireNonNull(restoredFromMs.get(userId), "restored");
  }

  /** The user is due: an episode may have ended. */
  void advance(String userId) {
    advances.add(userId);
    touched.add(userId);
  }

  /** A user without transactions here, who owes an answer, will not give it. */
  void setAside(String userId) {
    advances.remove(userId);
    unanswered--;
  }

  /**
   * What is stored of the user cannot be read: nothing can be said of its transactions here, or of
   * its episodes.
   */
  void leaveOut(String userId) {
    advances.remove(userId);
    Share share = shares.remove(userId);
    if (share != null) {
      for (int i = 0; i < share.transactions.size(); i++) {
        assessments[share.places[i]] =
            new Assessment.Rejected(
                DeadLetterReason.INTERNAL_ERROR,
                "what is stored of the user cannot be read: status and log name the row");
      }
    }
  }

  /** What was changed of accounts since the batch before. */
  void changed(Changed since) {
    changed = since;
  }

  Changed changed() {
    return changed;
  }

  Set<String> takeAdvances() {
    Set<String> taken = advances;
    advances = new HashSet<>();
    return taken;
  }

  /** The users of the shares are told, and one answer of each is to come. */
  void expectShares() {
    sharesTouched = true;
    unanswered += shares.size();
  }

  UserActor.Assess assess(Share share, ActorRef<PartitionCommand> answerTo) {
    return new UserActor.Assess(id, share.transactions, share.passedMs, answerTo);
  }

  /** One more answer of this user is to come. */
  void expect(String userId) {
    touched.add(userId);
    unanswered++;
  }

  /**
   * Takes the answer.
   *
   * @return the user's share; null for one without
   */
  @Nullable Share done(UserActor.Done done) {
    unanswered--;
    Share share = shares.get(done.userId());
    if (!done.assessments().isEmpty()) {
      int[] places = Objects.requireNonNull(share, "a share").places;
      for (int i = 0; i < done.assessments().size(); i++) {
        assessments[places[i]] = done.assessments().get(i);
      }
    }
    for (Transition transition : done.transitions()) {
      happened.add(new Happened(done.userId(), transition, done.knownVersion()));
    }
    return share;
  }

  void needs(UserActor.Needs needs) {
    unanswered--;
    factsRound.add(needs.userId(), needs.wanted());
  }

  boolean allAnswered() {
    return unanswered == 0;
  }

  /** What the users have asked for since the last call. */
  FactsRound takeFactsRound() {
    FactsRound taken = factsRound;
    if (!taken.isEmpty()) {
      factsRound = new FactsRound();
    }
    return taken;
  }

  /** Users whose memory may be ahead of what is durable. */
  Set<String> touched() {
    Set<String> all = new HashSet<>(touched);
    if (sharesTouched) {
      all.addAll(shares.keySet());
    }
    return all;
  }

  List<Assessment> assessments() {
    return List.of(assessments);
  }

  /**
   * Instants of earlier transactions that opened or ended an episode, whose ids are not in memory.
   */
  List<InstantQuery> instantsToName() {
    List<InstantQuery> queries = new ArrayList<>();
    for (Happened each : happened) {
      if (each.transition.transaction() instanceof Ranked) {
        queries.add(new InstantQuery(each.userId, each.transition.atMs()));
      }
    }
    return queries;
  }

  /**
   * The alerts, in the order in which users answered; those of one user in the order in which they
   * happened.
   *
   * @param storedIds for each of {@link #instantsToName}: the stored ids there, in order of arrival
   */
  List<Announcement> announcements(List<List<String>> storedIds) {
    List<Announcement> announcements = new ArrayList<>(happened.size());
    int named = 0;
    for (Happened each : happened) {
      String transactionId =
          switch (each.transition.transaction()) {
            case Nobody _ -> null;
            case Named(String known) -> known;
            case Ranked(int rank) ->
                idAt(each.userId, each.transition.atMs(), rank, storedIds.get(named++));
          };
      announcements.add(
          new Announcement(alert(each.userId, each.transition, transactionId), each.knownVersion));
    }
    return announcements;
  }

  /** Stored ones first: those of this batch arrived after them. */
  private String idAt(String userId, long atMs, int rank, List<String> storedIds) {
    List<String> ids = new ArrayList<>(storedIds);
    Share share = shares.get(userId);
    for (int i = 0; share != null && i < share.transactions.size(); i++) {
      Received received = share.transactions.get(i);
      if (received.transaction().eventTimeMs() == atMs
          && assessments[share.places[i]] instanceof Assessment.Stored) {
        ids.add(received.transaction().transactionId());
      }
    }
    if (rank >= ids.size()) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "user %s has %d transactions at %d (expected: more than %d)",
              userId,
              ids.size(),
              atMs,
              rank));
    }
    return ids.get(rank);
  }

  private Alert alert(String userId, Transition transition, @Nullable String transactionId) {
    AccountBalance balance = transition.balance();
    long offset = transition.offset() >= 0 ? transition.offset() : assess.lastOffset();
    return new Alert(
        AlertIds.alertId(transition.episodeId(), transition.type()),
        transition.type(),
        transition.episodeId(),
        userId,
        transactionId,
        transition.exposureMinor(),
        balance.balanceMinor(),
        balance.currency(),
        transition.transactions(),
        transition.atMs(),
        assess.nowMs(),
        transition.late(),
        transition.revealedBy(),
        transition.cause(),
        RULE,
        new Alert.Source(topic, partition, offset));
  }
}
