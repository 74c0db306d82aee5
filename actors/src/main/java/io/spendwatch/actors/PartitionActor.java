package io.spendwatch.actors;

import io.spendwatch.actors.Accounts.VersionsQuery;
import io.spendwatch.actors.ChangedAccounts.Changed;
import io.spendwatch.actors.History.OpenEpisode;
import io.spendwatch.actors.History.PartitionHistory;
import io.spendwatch.actors.PartitionCommand.AccountsChanged;
import io.spendwatch.actors.PartitionCommand.AllAccountsChanged;
import io.spendwatch.actors.PartitionCommand.Assess;
import io.spendwatch.actors.PartitionCommand.Assessed;
import io.spendwatch.actors.PartitionCommand.Failed;
import io.spendwatch.actors.PartitionCommand.Stop;
import io.spendwatch.actors.PartitionCommand.Unavailable;
import io.spendwatch.actors.PartitionQuery.GetUser;
import io.spendwatch.actors.PartitionQuery.GetWindows;
import io.spendwatch.actors.PartitionQuery.Reread;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Predicate;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The actor of one Kafka partition, for one life of its pipeline; one {@link UserActor} per user
 * lives below it.
 *
 * <pre>
 *   idle ──Assess──▶ reading ──▶ judging ◀──▶ reading facts ──▶ ending episodes ──▶ naming ──Assessed──▶ idle
 *                       └──────────────┴── a port fails ──Unavailable──▶ idle, touched users dropped
 *                                      └── our own code throws ──Failed──▶ idle, touched users dropped
 * </pre>
 *
 * It takes a batch at a time, reads all users that it does not have in one go, hands the
 * transactions on to their actors, and collects what they say. What users need to know in between
 * (is this id stored? what is the balance right now?) is gathered and read for all of them
 * together. A failure drops the users that the batch had touched: their memory is a cache of what
 * is durable. So does an answer that does not come. Order: transactions of one user are judged in
 * the order of the batch.
 *
 * <p>Where our own code throws, whoever asked is told, since it may lie in the batch. It cannot lie
 * in the batch where the user has no transactions in it: such a user is set aside, until its next
 * transaction or the next life of the pipeline, and the batch goes on.
 */
public final class PartitionActor {

  private static final Logger log = LoggerFactory.getLogger(PartitionActor.class);

  /**
   * What the partition actors of a node need.
   *
   * @param topic of the transactions, for the alerts' source
   * @param awakeUsersMax of the node; beyond it the least recently used are forgotten (and read
   *     again when they are needed)
   * @param awakeBytesMax of the node: memory that they may take, beyond which the same holds
   * @param restoreUsersMax of one partition: users who are read at once; and users without
   *     transactions in a batch who are read on its occasion, further ones wait for the next batch
   *     or tick
   * @param changedAccountsMax of one partition: users whose account has changed who are remembered
   *     by name between two batches; beyond it all are read anew
   * @param windowQueriesMax of one partition: questions about its windows that may wait
   * @param versionsMax of one user: versions of the balance that stay in memory; others are read
   *     when they are needed
   * @param clearGraceMs by how much stream time must have passed what is dealt with by time alone
   */
  public record Dependencies(
      String topic,
      int awakeUsersMax,
      long awakeBytesMax,
      int restoreUsersMax,
      int changedAccountsMax,
      int windowQueriesMax,
      int versionsMax,
      long clearGraceMs,
      Accounts accounts,
      History history) {
    public Dependencies {
      checkPositive("awake-users-max", awakeUsersMax);
      checkPositive("awake-memory-max", awakeBytesMax);
      checkPositive("restore-users-max", restoreUsersMax);
      checkPositive("changed-accounts-max", changedAccountsMax);
      checkPositive("window-queries-max", windowQueriesMax);
      checkPositive("balance-versions-max", versionsMax);
      if (clearGraceMs < 0) {
        throw new IllegalArgumentException(
            "clear-grace: " + clearGraceMs + " (expected: 0 or more)");
      }
    }

    private static void checkPositive(String name, long value) {
      if (value < 1) {
        throw new IllegalArgumentException(name + ": " + value + " (expected: at least 1)");
      }
    }
  }

  /**
   * So often a batch is asked for, each time after the pipeline's {@code ask-timeout}, before an
   * answer to us counts as lost. All ports have shorter limits of their own.
   */
  private static final int ASKED_MAX = 4;

  private sealed interface Own extends PartitionCommand.Internal {}

  private record PartitionRead(long batch, PartitionHistory history) implements Own {}

  private record UsersRead(long batch, UsersRound round, UsersRound.Read read) implements Own {}

  private record FactsRead(long batch, FactsRound.Read read) implements Own {}

  private record IdsRead(long batch, List<List<String>> ids) implements Own {}

  private record ReadFailed(long batch, String reason) implements Own {}

  private final ActorContext<PartitionCommand> context;
  private final int partition;
  private final Predicate<String> isAtHome;
  private final Dependencies dependencies;
  private final PartitionActors node;

  private boolean restored;

  private long streamTimeMs = Long.MIN_VALUE;
  private Assessed lastReply;

  private final AwakeUsers awake;
  private final WatchedUsers watched = new WatchedUsers();
  private final ChangedAccounts changedAccounts;
  private final AuditQueries audit;

  /** The batch at work; null while idle. */
  private Batch batch;

  private long batches;

  private PartitionActor(
      ActorContext<PartitionCommand> context,
      int partition,
      Predicate<String> isAtHome,
      Dependencies dependencies,
      PartitionActors node) {
    this.context = context;
    this.partition = partition;
    this.isAtHome = isAtHome;
    this.dependencies = dependencies;
    this.node = node;
    this.awake = new AwakeUsers(context);
    this.changedAccounts = new ChangedAccounts(awake, watched, dependencies.changedAccountsMax());
    this.audit =
        new AuditQueries(context, partition, awake, watched, dependencies.windowQueriesMax());
  }

  /** The actor of this partition, with an empty memory. */
  static Behavior<PartitionCommand> create(
      int partition, Predicate<String> isAtHome, Dependencies dependencies, PartitionActors node) {
    return Behaviors.setup(
        context ->
            Behaviors.receiveMessage(
                new PartitionActor(context, partition, isAtHome, dependencies, node)
                    ::onCommandGuarded));
  }

  /** Whoever asked waits for an answer: without one it would ask again and again. */
  private Behavior<PartitionCommand> onCommandGuarded(PartitionCommand command) {
    try {
      return onCommand(command);
    } catch (RuntimeException e) {
      log.error("partition={} failed, its memory is dropped", partition, e);
      ActorRef<PartitionCommand.Reply> asker =
          command instanceof Assess assess
              ? assess.replyTo()
              : batch == null ? null : batch.replyTo();
      forgetAll();
      if (asker != null) {
        asker.tell(new Failed("partition actor: " + e));
      }
      return Behaviors.same();
    }
  }

  private Behavior<PartitionCommand> onCommand(PartitionCommand command) {
    return switch (command) {
      case Assess assess -> onAssess(assess);
      case AccountsChanged(Set<String> userIds) -> {
        changedAccounts.add(userIds);
        yield Behaviors.same();
      }
      case AllAccountsChanged _ -> {
        changedAccounts.addAll();
        yield Behaviors.same();
      }
      case GetUser get -> onGetUser(get);
      case GetWindows get -> {
        node.deliveries().from(get.replyTo());
        audit.show(get);
        yield Behaviors.same();
      }
      case Reread(List<String> userIds) -> {
        audit.distrust(userIds);
        yield Behaviors.same();
      }
      case Stop _ -> {
        audit.stop();
        yield Behaviors.stopped();
      }
      case PartitionCommand.Internal internal -> onInternal(internal);
    };
  }

  private Behavior<PartitionCommand> onInternal(PartitionCommand.Internal internal) {
    switch (internal) {
      case UserActor.Reply reply when isCurrent(reply.batch()) -> onReply(reply);
      case PartitionRead(long id, PartitionHistory history) when isCurrent(id) ->
          onPartitionRead(history);
      case UsersRead(long id, UsersRound round, UsersRound.Read read) when isCurrent(id) ->
          onUsersRead(round, read);
      case FactsRead(long id, FactsRound.Read read) when isCurrent(id) -> onFactsRead(read);
      case IdsRead(long id, List<List<String>> ids) when isCurrent(id) ->
          finish(batch.announcements(ids));
      case ReadFailed(long id, String reason) when isCurrent(id) -> giveUp(new Unavailable(reason));
      default ->
          log.debug("partition={} ignored an answer to a batch that was given up", partition);
    }
    return Behaviors.same();
  }

  private boolean isCurrent(long id) {
    return batch != null && batch.id() == id;
  }

  private Behavior<PartitionCommand> onAssess(Assess assess) {
    node.deliveries().from(assess.replyTo());
    if (lastReply != null && lastReply.sequence() == assess.sequence()) {
      assess.replyTo().tell(lastReply);
    } else if (batch == null) {
      begin(assess);
    } else if (batch.isRepeatedBy(assess)) {
      batch.answerTo(assess.replyTo());
      if (batch.asked() > ASKED_MAX) {
        log.error(
            "partition={} batch {} has no answer, from a user or a port; it begins anew",
            partition,
            batch.sequence());
        giveUp(new Unavailable("an answer was lost; its users are read anew"));
      }
    } else {
      throw new IllegalStateException(
          "batch " + assess.sequence() + " was asked for while " + batch.sequence() + " is open");
    }
    return Behaviors.same();
  }

  private void begin(Assess assess) {
    lastReply = null;
    audit.begun();
    batch =
        new Batch(++batches, partition, dependencies.topic(), dependencies.clearGraceMs(), assess);
    if (restored) {
      readUsers();
    } else {
      long id = batch.id();
      pipe(id, dependencies.history().partition(partition), read -> new PartitionRead(id, read));
    }
  }

  private void onPartitionRead(PartitionHistory history) {
    streamTimeMs = history.streamTimeMs();
    changedAccounts.restored(history.accountsSeenMs());
    for (OpenEpisode episode : history.openEpisodes()) {
      if (isAtHome.test(episode.userId())) {
        watched.lookAt(episode.userId(), episode.raisedAtMs());
      }
    }
    restored = true;
    readUsers();
  }

  private void readUsers() {
    batch.begin(streamTimeMs);
    Changed changed = changedAccounts.take(batch.nowMs());
    batch.changed(changed);
    var round =
        new UsersRound(
            changed,
            changedAccounts.seenMs(),
            streamTimeMs,
            isAtHome,
            dependencies.restoreUsersMax());
    Set<String> toRefresh = new HashSet<>(changed.ofAwake());
    for (String userId : batch.userIds()) {
      if (!awake.contains(userId)) {
        round.restore(userId, Math.min(batch.earliestMs(userId), watched.sinceMs(userId)));
      } else if (!batch.balancesPushed()) {
        toRefresh.add(userId);
      }
    }
    int mayRestore = dependencies.restoreUsersMax();
    for (String userId : watched.takeDue(batch.clockMs(), this::isToBeRead, mayRestore)) {
      batch.advance(userId);
      if (isToBeRead(userId)) {
        round.restore(userId, watched.sinceMs(userId));
      } else if (!batch.balancesPushed() && awake.contains(userId)) {
        toRefresh.add(userId);
      }
    }
    toRefresh.forEach(userId -> round.refresh(userId, awake.reachMs(userId)));
    if (round.isEmpty()) {
      judge();
      return;
    }
    round.queries().forEach(query -> batch.restore(query.userId(), query.knownFromMs()));
    read(round);
  }

  private void read(UsersRound round) {
    long id = batch.id();
    pipe(
        id,
        round.read(dependencies.accounts(), dependencies.history()),
        read -> new UsersRead(id, round, read));
  }

  /** Whether only its being due has the user read. */
  private boolean isToBeRead(String userId) {
    return !awake.contains(userId) && !batch.userIds().contains(userId);
  }

  private void onUsersRead(UsersRound round, UsersRound.Read read) {
    // They stay watched, without being due, so that a later look reaches back far enough.
    read.unreadable().forEach(batch::leaveOut);
    read.histories()
        .forEach(
            (userId, history) ->
                awake.wake(
                    new UserActor.Restore(
                        userId,
                        history,
                        batch.knownFromMs(userId),
                        batch.passedBeforeMs(),
                        dependencies.versionsMax())));
    for (VersionsQuery asked : read.asked()) {
      batch.expect(asked.userId());
      awake
          .get(asked.userId())
          .tell(
              new UserActor.LearnVersions(
                  batch.id(),
                  read.versions().getOrDefault(asked.userId(), List.of()),
                  asked.fromMs(),
                  batch.passedBeforeMs(),
                  context.getSelf()));
    }
    if (read.changes() != null) {
      changedAccounts.found(read.changes(), isAtHome, batch.changed().all());
    }
    if (round.hasMore()) {
      read(round);
    } else {
      judge();
    }
  }

  private void judge() {
    for (String userId : batch.userIds()) {
      batch.expect(userId);
      awake.get(userId).tell(batch.judge(userId, context.getSelf()));
    }
    streamTimeMs = batch.streamTimeMs();
    goOnWhenAllAnswered();
  }

  private void onReply(UserActor.Reply reply) {
    switch (reply) {
      case UserActor.Done done -> {
        batch.done(done);
        awake.hasEntries(done.userId(), done.entries(), done.reachMs());
        boolean isOpen = done.openSinceMs() != Long.MIN_VALUE;
        if (isOpen || done.wakeAtMs() != Long.MAX_VALUE) {
          watched.watch(
              done.userId(), done.wakeAtMs(), isOpen ? done.openSinceMs() : done.reachMs());
        } else {
          watched.forget(done.userId());
        }
        goOnWhenAllAnswered();
      }
      case UserActor.Needs needs -> {
        batch.needs(needs);
        goOnWhenAllAnswered();
      }
      case UserActor.Outdated outdated -> giveUp(new Unavailable(outdated.reason()));
      case UserActor.Failed failed -> {
        if (batch.userIds().contains(failed.userId())) {
          giveUp(new Failed(failed.reason()));
        } else {
          setAside(failed.userId());
          goOnWhenAllAnswered();
        }
      }
    }
  }

  private void goOnWhenAllAnswered() {
    if (!batch.allAnswered()) {
      return;
    }
    FactsRound round = batch.takeFactsRound();
    long id = batch.id();
    if (!round.isEmpty()) {
      pipe(
          id,
          round.read(dependencies.accounts(), dependencies.history()),
          read -> new FactsRead(id, read));
      return;
    }
    Collection<String> ending = batch.takeAdvances();
    ending.addAll(watched.takeDue(batch.clockMs(), this::isToBeRead, 0));
    for (String userId : ending) {
      batch.expect(userId);
      awake.get(userId).tell(new UserActor.Advance(id, batch.clockMs(), context.getSelf()));
    }
    if (!ending.isEmpty()) {
      return;
    }
    if (batch.instantsToName().isEmpty()) {
      finish(batch.announcements(List.of()));
    } else {
      pipe(
          id,
          dependencies.history().transactionIds(batch.instantsToName()),
          ids -> new IdsRead(id, ids));
    }
  }

  private void onFactsRead(FactsRound.Read read) {
    for (String userId : read.userIds()) {
      batch.expect(userId);
      awake.get(userId).tell(new UserActor.Learn(read.answersFor(userId)));
    }
  }

  private void finish(List<Announcement> announcements) {
    changedAccounts.looked();
    awake.forgetBeyond(node.awakeUsersMax(), node.awakeBytesMax());
    lastReply =
        new Assessed(
            batch.sequence(),
            batch.judgements(),
            announcements,
            streamTimeMs,
            changedAccounts.seenMs(),
            awake.size());
    batch.replyTo().tell(lastReply);
    audit.judged(batch.lastOffset(), streamTimeMs, batch.isMereTick() && announcements.isEmpty());
    batch = null;
  }

  /** Gives the batch up; what it touched is read again when it, or the next tick, comes. */
  private void giveUp(PartitionCommand.Reply answer) {
    for (String userId : batch.touched()) {
      awake.forget(userId);
      watched.lookAt(userId, batch.earliestMs(userId));
    }
    changedAccounts.putBack(batch.changed());
    streamTimeMs = batch.streamTimeBeforeMs();
    ActorRef<PartitionCommand.Reply> replyTo = batch.replyTo();
    batch = null;
    audit.givenUp();
    replyTo.tell(answer);
  }

  /** Goes on without a user who is none of this batch's and whose own state makes us fail. */
  private void setAside(String userId) {
    log.error(
        "partition={} user {} is set aside until the next transaction or start", partition, userId);
    awake.forget(userId);
    watched.forget(userId);
    batch.setAside(userId);
  }

  private void forgetAll() {
    awake.forgetAll();
    watched.forgetAll();
    changedAccounts.forgetAll();
    audit.forgetAll();
    restored = false;
    streamTimeMs = Long.MIN_VALUE;
    lastReply = null;
    batch = null;
  }

  private Behavior<PartitionCommand> onGetUser(GetUser get) {
    node.deliveries().from(get.replyTo());
    ActorRef<UserActor.Command> user = awake.get(get.userId());
    if (user != null) {
      user.tell(new UserActor.Show(streamTimeMs, get.replyTo()));
    } else {
      context.spawnAnonymous(
          AbsentUser.show(get.userId(), streamTimeMs, dependencies.history(), get.replyTo()));
    }
    return Behaviors.same();
  }

  private <T> void pipe(
      long batchId, CompletionStage<T> read, Function<? super T, ? extends Own> toMessage) {
    context.pipeToSelf(
        read,
        (value, failure) ->
            failure == null ? toMessage.apply(value) : new ReadFailed(batchId, reasonOf(failure)));
  }

  private static String reasonOf(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    return cause.getMessage() == null ? cause.toString() : cause.getMessage();
  }
}
