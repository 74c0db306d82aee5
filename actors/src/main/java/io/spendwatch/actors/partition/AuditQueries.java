package io.spendwatch.actors.partition;

import io.spendwatch.actors.partition.PartitionQuery.GetWindows;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.function.Predicate;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What others want of a partition's awake users: to see their windows, that some are read anew, and
 * that some are forgotten because what is stored of them has another id. All of it waits for a
 * moment at which nothing in memory is ahead of the tables. Lives in the partition's actor, which
 * says when that is.
 *
 * <pre>
 *   level ──begun──▶ ahead ──assessed, and nothing changed; or given up──▶ level
 *                    ahead ──begun: the batch before is durable──▶ ahead
 * </pre>
 */
final class AuditQueries {

  private static final Logger log = LoggerFactory.getLogger(AuditQueries.class);

  private final ActorContext<PartitionCommand> context;
  private final int partition;
  private final AwakeUsers awake;
  private final WatchedUsers watched;
  private final int waitingMax;
  private final Deque<GetWindows> waiting = new ArrayDeque<>();
  private final Set<String> distrusted = new HashSet<>();

  /** By the former id. */
  private final Map<String, String> renamed = new HashMap<>();

  /** Whether nothing in memory is ahead of the tables. */
  private boolean level = true;

  private long lastOffset = -1;
  private long streamTimeMs = Long.MIN_VALUE;

  /**
   * @param waitingMax beyond so many the oldest is dropped: whoever asked has most likely given up
   */
  AuditQueries(
      ActorContext<PartitionCommand> context,
      int partition,
      AwakeUsers awake,
      WatchedUsers watched,
      int waitingMax) {
    this.context = context;
    this.partition = partition;
    this.awake = awake;
    this.watched = watched;
    this.waitingMax = waitingMax;
  }

  void show(GetWindows query) {
    if (level) {
      pass(query);
      return;
    }
    if (waiting.size() == waitingMax) {
      waiting.removeFirst();
      log.warn("partition={} dropped a question about its windows: too many wait", partition);
    }
    waiting.addLast(query);
  }

  /** What is in memory of these users is not to be trusted. */
  void distrust(List<String> userIds) {
    userIds.stream().filter(this::isInMemory).forEach(distrusted::add);
  }

  /** What is stored of the one user is the other's now. */
  void rename(String before, String now) {
    renamed.put(before, now);
  }

  /**
   * A batch begins, so the former one is durable. Whatever users' actors are told after this, they
   * have answered before.
   */
  void begun() {
    while (!waiting.isEmpty()) {
      pass(waiting.removeFirst());
    }
    for (String userId : distrusted) {
      if (isInMemory(userId)) {
        awake.forget(userId);
        watched.lookAt(userId, Math.max(0, streamTimeMs));
      }
    }
    distrusted.clear();
    renamed.forEach(this::forget);
    renamed.clear();
    level = false;
  }

  private void forget(String before, String now) {
    if (watched.contains(before)) {
      watched.takeOver(before, now);
    }
    if (awake.contains(before)) {
      awake.forget(before);
    }
  }

  /**
   * The batch is assessed.
   *
   * @param changedNothing that has to be written
   */
  void assessed(long batchLastOffset, long batchStreamTimeMs, boolean changedNothing) {
    lastOffset = batchLastOffset;
    streamTimeMs = batchStreamTimeMs;
    level = changedNothing;
  }

  /** The batch is given up, and whom it had touched is forgotten. */
  void givenUp() {
    level = true;
  }

  /** All of memory is dropped. */
  void forgetAll() {
    distrusted.clear();
    renamed.clear();
    lastOffset = -1;
    streamTimeMs = Long.MIN_VALUE;
    level = true;
  }

  /** The partition is consumed here no more. */
  void stop() {
    waiting.forEach(query -> query.replyTo().tell(PartitionWindows.notConsumed(partition)));
  }

  private boolean isInMemory(String userId) {
    return awake.contains(userId) || watched.contains(userId);
  }

  private void pass(GetWindows query) {
    int limit = Math.clamp(query.limit(), 1, GetWindows.LIMIT_MAX);
    SortedMap<String, ActorRef<UserActor.Command>> users = awake.first(limit + 1, asked(query));
    boolean more = users.size() > limit;
    if (more) {
      users = users.headMap(users.lastKey());
    }
    var nobody = new PartitionWindows(partition, true, lastOffset, streamTimeMs, List.of(), more);
    if (users.isEmpty()) {
      query.replyTo().tell(nobody);
      return;
    }
    ActorRef<WindowGathering.Message> gathering =
        context.spawnAnonymous(WindowGathering.create(Map.copyOf(users), nobody, query.replyTo()));
    users.values().forEach(user -> user.tell(new UserActor.ShowWindow(streamTimeMs, gathering)));
  }

  private static Predicate<String> asked(GetWindows query) {
    if (!query.userIds().isEmpty()) {
      return Set.copyOf(query.userIds())::contains;
    }
    String after = query.afterUserId();
    return userId -> after == null || userId.compareTo(after) > 0;
  }
}
