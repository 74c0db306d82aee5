package io.spendwatch.actors.partition;

import io.spendwatch.actors.partition.AwakeUsers.Awake;
import io.spendwatch.actors.partition.PartitionQuery.By;
import io.spendwatch.actors.partition.PartitionQuery.GetTop;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.jspecify.annotations.Nullable;

/**
 * Who of a partition's awake users is nearest to their limit. Lives in the partition's actor.
 *
 * <p>Nothing is kept in order for it: a record costs two stores into what the partition's actor has
 * of its user anyway. A question goes through these figures, a slice per message, so that a batch
 * never waits for more than one slice; questions of the same kind share a pass. The figures are
 * those after each user's last command. Of the first ones by them, more than were asked for, the
 * actors are asked how they stand now: windows slide without records.
 *
 * <p>So each figure in the answer is exact at the partition's stream time. Who is missing from it
 * has either left memory, or stood, by its own last record, behind twice as many others.
 */
final class TopUsers {

  /** Users per message: some ten microseconds. */
  private static final int SLICE = 1_024;

  /** As many as fit an answer. */
  private static final int CANDIDATES_MAX = GetTop.LIMIT_MAX;

  /** Of the kinds together; whoever comes beyond it is told that nobody answers. */
  private static final int WAITING_MAX = 64;

  /** Of those asked for, so many more are looked at twice. */
  private static final int SPARE = 24;

  /** To go on with the pass, after whatever else has come. */
  record NextSlice() implements PartitionCommand {}

  private record Candidate(double rank, Awake user) {}

  private final ActorContext<PartitionCommand> context;
  private final int partition;
  private final AwakeUsers awake;
  private final LongSupplier streamTimeMs;
  private final Map<By, List<GetTop>> waiting = new EnumMap<>(By.class);
  private int waitingCount;

  /** The pass that is under way; null for none. */
  private @Nullable By by;

  private List<GetTop> askers = List.of();
  private final PriorityQueue<Candidate> best =
      new PriorityQueue<>(Comparator.comparingDouble(Candidate::rank));
  private int next;

  /**
   * @param streamTimeMs of the partition, now
   */
  TopUsers(
      ActorContext<PartitionCommand> context,
      int partition,
      AwakeUsers awake,
      LongSupplier streamTimeMs) {
    this.context = context;
    this.partition = partition;
    this.awake = awake;
    this.streamTimeMs = streamTimeMs;
  }

  /** Answered after one or two passes. */
  void ask(GetTop query) {
    if (query.by() == null || waitingCount == WAITING_MAX) {
      query.replyTo().tell(PartitionWindows.notConsumed(partition));
      return;
    }
    waitingCount++;
    waiting.computeIfAbsent(query.by(), _ -> new ArrayList<>()).add(query);
    if (by == null) {
      begin();
    }
  }

  private void begin() {
    Map.Entry<By, List<GetTop>> first = waiting.entrySet().iterator().next();
    by = first.getKey();
    askers = first.getValue();
    waiting.remove(by);
    best.clear();
    next = awake.size() - 1;
    goOn();
  }

  /**
   * Downwards: who is forgotten meanwhile has its place taken by the last one, who has been looked
   * at before.
   */
  void goOn() {
    if (by == null) {
      return;
    }
    long nowMs = streamTimeMs.getAsLong();
    next = Math.min(next, awake.size() - 1);
    int last = Math.max(0, next - SLICE + 1);
    for (; next >= last; next--) {
      Awake user = awake.at(next);
      double rank = by.rank(user.exposureMinor(nowMs), user.balance());
      if (rank > Double.NEGATIVE_INFINITY
          && (best.size() < CANDIDATES_MAX || rank > best.peek().rank)) {
        best.add(new Candidate(rank, user));
        if (best.size() > CANDIDATES_MAX) {
          best.poll();
        }
      }
    }
    if (next >= 0) {
      context.getSelf().tell(new NextSlice());
    } else {
      finish();
    }
  }

  private void finish() {
    List<Candidate> ranked = new ArrayList<>(best);
    ranked.sort(Comparator.comparingDouble(Candidate::rank).reversed());
    askers.forEach(query -> answer(query, ranked));
    waitingCount -= askers.size();
    best.clear();
    by = null;
    if (!waiting.isEmpty()) {
      begin();
    }
  }

  private void answer(GetTop query, List<Candidate> ranked) {
    int limit = Math.clamp(query.limit(), 1, GetTop.LIMIT_MAX);
    int lookedAt = Math.min(Math.min(2 * limit + SPARE, GetTop.LIMIT_MAX), ranked.size());
    Map<String, ActorRef<UserActor.Command>> users = new HashMap<>();
    for (Candidate candidate : ranked.subList(0, lookedAt)) {
      if (awake.contains(candidate.user)) {
        users.put(candidate.user.userId(), candidate.user.actor());
      }
    }
    long nowMs = streamTimeMs.getAsLong();
    var nobody = new PartitionWindows(partition, true, -1, nowMs, List.of(), false);
    if (users.isEmpty()) {
      query.replyTo().tell(nobody);
      return;
    }
    ActorRef<WindowGathering.Message> gathering =
        context.spawnAnonymous(WindowGathering.create(Map.copyOf(users), nobody, query.replyTo()));
    users.values().forEach(user -> user.tell(new UserActor.ShowWindow(nowMs, gathering)));
  }
}
