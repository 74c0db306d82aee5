package io.spendwatch.actors.partition;

import io.spendwatch.actors.exposure.Announcement;
import io.spendwatch.actors.partition.AwakeUsers.Awake;
import io.spendwatch.actors.partition.PartitionCommand.AccountsChanged;
import io.spendwatch.actors.partition.PartitionCommand.AllAccountsChanged;
import io.spendwatch.actors.partition.PartitionCommand.Assess;
import io.spendwatch.actors.partition.PartitionCommand.Assessed;
import io.spendwatch.actors.partition.PartitionCommand.Failed;
import io.spendwatch.actors.partition.PartitionCommand.Renamed;
import io.spendwatch.actors.partition.PartitionCommand.Stop;
import io.spendwatch.actors.partition.PartitionCommand.Unavailable;
import io.spendwatch.actors.partition.PartitionQuery.Check;
import io.spendwatch.actors.partition.PartitionQuery.GetTop;
import io.spendwatch.actors.partition.PartitionQuery.GetUser;
import io.spendwatch.actors.partition.PartitionQuery.GetWindows;
import io.spendwatch.actors.partition.PartitionQuery.Reread;
import io.spendwatch.actors.ports.Accounts.VersionsQuery;
import io.spendwatch.actors.ports.History.PartitionHistory;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
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
 * lives below it. Its phases ({@link Phase}):
 *
 * <pre>
 *   Blank ──Assess──▶ Restoring ──▶ Recalling ──▶ ReadingUsers ──▶ Assessing ──▶ Naming ──Assessed──▶ Answered
 *                                    ▲     │           ▲           ▲  │
 *                                    │     └───────────┘           │  ▼
 *   Idle, Answered ──Assess──────────┴─────────────────┘        ReadingFacts
 *
 *   any of a batch ── a port fails ──Unavailable──▶ Idle (from Restoring: Blank), touched users dropped
 *                  ── a user's own code throws ──Failed──▶ the same
 *   any ── our own code throws ──Failed──▶ Blank
 * </pre>
 *
 * It takes a batch at a time, reads all users that it does not have in one go, hands the
 * transactions on to their actors, and collects what they say. What users need to know in between
 * (is this id stored? what is the balance right now?) is gathered and read for all of them
 * together. A failure drops the users that the batch had touched: their memory is a cache of what
 * is durable. So does an answer that does not come. Order: transactions of one user are assessed in
 * the order of the batch.
 *
 * <p>Where our own code throws, whoever asked is told, since it may lie in the batch. It cannot lie
 * in the batch where the user has no transactions in it: such a user is set aside, until its next
 * transaction or the next life of the pipeline, and the batch goes on.
 */
public final class PartitionActor {

  private static final Logger log = LoggerFactory.getLogger(PartitionActor.class);

  /**
   * So often a batch is asked for, each time after the pipeline's {@code ask-timeout}, before an
   * answer to us counts as lost. All ports have shorter limits of their own.
   */
  private static final int ASKED_MAX = 4;

  sealed interface Own extends PartitionCommand.Internal {}

  private record PartitionRead(long batch, PartitionHistory history) implements Own {}

  private record Recalled(long batch, Recall.Page page) implements Own {}

  private record UsersRead(long batch, UsersRound round, UsersRound.Read read) implements Own {}

  private record FactsRead(long batch, FactsRound.Read read) implements Own {}

  private record IdsRead(long batch, List<List<String>> ids) implements Own {}

  private record ReadFailed(long batch, String reason) implements Own {}

  private final ActorContext<PartitionCommand> context;
  private final int partition;
  private final PartitionDependencies dependencies;
  private final PartitionActors node;

  private Phase phase = new Phase.Blank();

  private long streamTimeMs = Long.MIN_VALUE;

  private final AwakeUsers awake;
  private final WatchedUsers watched;
  private final ChangedAccounts changedAccounts;
  private final Recall recall;
  private final AuditQueries audit;
  private final UserQuestions questions;
  private final TopUsers top;

  /** For how long the partition had had nothing to read, with the last batch. */
  private long idleMs;

  private long batches;

  private PartitionActor(
      ActorContext<PartitionCommand> context,
      int partition,
      Predicate<String> isAtHome,
      PartitionDependencies dependencies,
      PartitionActors node) {
    this.context = context;
    this.partition = partition;
    this.dependencies = dependencies;
    this.node = node;
    this.awake = new AwakeUsers(context);
    this.watched = new WatchedUsers(dependencies.watchedUsersMax());
    this.changedAccounts = new ChangedAccounts(awake, watched, dependencies.changedAccountsMax());
    this.recall = new Recall(partition, isAtHome, watched, changedAccounts);
    this.audit =
        new AuditQueries(context, partition, awake, watched, dependencies.windowQueriesMax());
    this.questions = node.questions(context);
    this.top = new TopUsers(context, partition, awake, this::clockMs);
  }

  /** The actor of this partition, with an empty memory. */
  static Behavior<PartitionCommand> create(
      int partition,
      Predicate<String> isAtHome,
      PartitionDependencies dependencies,
      PartitionActors node) {
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
      Optional<ActorRef<PartitionCommand.Reply>> asker = askerOf(command);
      forgetAll();
      asker.ifPresent(waiting -> waiting.tell(new Failed("partition actor: " + e)));
      return Behaviors.same();
    }
  }

  /** Who waits for an answer while this is done. */
  private Optional<ActorRef<PartitionCommand.Reply>> askerOf(PartitionCommand command) {
    if (command instanceof Assess assess) {
      return Optional.of(assess.replyTo());
    }
    return phase instanceof Phase.AtWork work
        ? Optional.of(work.batch().replyTo())
        : Optional.empty();
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
      case Renamed(String before, String now) -> {
        audit.rename(before, now);
        yield Behaviors.same();
      }
      case GetUser get -> onGetUser(get);
      case GetWindows get -> {
        node.deliveries().from(get.replyTo());
        audit.show(get);
        yield Behaviors.same();
      }
      case Check check -> onCheck(check);
      case GetTop get -> {
        node.deliveries().from(get.replyTo());
        top.ask(get);
        yield Behaviors.same();
      }
      case TopUsers.NextSlice _ -> {
        top.goOn();
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
    if (!(phase instanceof Phase.AtWork work) || work.batch().id() != internal.batch()) {
      log.debug("partition={} ignored an answer to a batch that was given up", partition);
      return Behaviors.same();
    }
    Batch batch = work.batch();
    switch (internal) {
      case UserActor.Reply reply -> onReply(batch, reply);
      case PartitionRead(_, PartitionHistory history) -> onPartitionRead(batch, history);
      case Recalled(_, Recall.Page page) -> {
        recall.found(page);
        recall(batch);
      }
      case UsersRead(_, UsersRound round, UsersRound.Read read) -> onUsersRead(batch, round, read);
      case FactsRead(_, FactsRound.Read read) -> onFactsRead(batch, read);
      case IdsRead(_, List<List<String>> ids) -> finish(batch, batch.announcements(ids));
      case ReadFailed(_, String reason) -> giveUp(batch, new Unavailable(reason));
    }
    return Behaviors.same();
  }

  private Behavior<PartitionCommand> onAssess(Assess assess) {
    node.deliveries().from(assess.replyTo());
    switch (phase) {
      case Phase.Answered(Assessed last) when last.sequence() == assess.sequence() ->
          assess.replyTo().tell(last);
      case Phase.Answered _, Phase.Idle _ -> beginReading(begin(assess));
      case Phase.Blank _ -> {
        Batch batch = begin(assess);
        phase = new Phase.Restoring(batch);
        pipe(
            batch,
            dependencies.history().partition(partition),
            read -> new PartitionRead(batch.id(), read));
      }
      case Phase.AtWork work when work.batch().isRepeatedBy(assess) -> {
        work.batch().answerTo(assess.replyTo());
        if (work.batch().asked() > ASKED_MAX) {
          log.error(
              "partition={} batch {} has no answer, from a user or a port; it begins anew",
              partition,
              work.batch().sequence());
          giveUp(work.batch(), new Unavailable("an answer was lost; its users are read anew"));
        }
      }
      case Phase.AtWork work ->
          throw new IllegalStateException(
              "batch "
                  + assess.sequence()
                  + " was asked for while "
                  + work.batch().sequence()
                  + " is open");
    }
    return Behaviors.same();
  }

  private Batch begin(Assess assess) {
    audit.begun();
    idleMs = assess.idleMs();
    return new Batch(
        ++batches, partition, dependencies.topic(), dependencies.clearGraceMs(), assess);
  }

  private void onPartitionRead(Batch batch, PartitionHistory history) {
    streamTimeMs = history.streamTimeMs();
    changedAccounts.restored(history.accountsSeenMs());
    beginReading(batch);
  }

  private void beginReading(Batch batch) {
    batch.begin(streamTimeMs);
    batch.changed(changedAccounts.take(batch.nowMs()));
    if (batch.changed().all()) {
      recall.sweep();
    }
    recall.begin(batch.changed().absent(), streamTimeMs, batch.clockMs());
    recall(batch);
  }

  /** Before users are read: one of them may be among those who are found. */
  private void recall(Batch batch) {
    if (recall.isToRead()) {
      phase = new Phase.Recalling(batch);
      pipe(
          batch,
          recall.read(dependencies.accounts(), dependencies.history()),
          page -> new Recalled(batch.id(), page));
    } else {
      readUsers(batch);
    }
  }

  private void readUsers(Batch batch) {
    var round = new UsersRound(dependencies.restoreUsersMax());
    Set<String> toRefresh = new HashSet<>(batch.changed().ofAwake());
    for (Batch.Share share : batch.shares()) {
      String userId = share.userId();
      share.found(awake.find(userId));
      if (share.user() == null) {
        round.restore(userId, Math.min(share.earliestMs(), watched.sinceMs(userId)));
      } else if (!batch.balancesPushed()) {
        toRefresh.add(userId);
      }
    }
    int mayRestore = dependencies.restoreUsersMax();
    Predicate<String> due = userId -> isToBeRead(batch, userId);
    for (String userId : watched.takeDue(batch.clockMs(), due, mayRestore)) {
      batch.advance(userId);
      if (isToBeRead(batch, userId)) {
        round.restore(userId, watched.sinceMs(userId));
      } else if (!batch.balancesPushed() && awake.contains(userId)) {
        toRefresh.add(userId);
      }
    }
    toRefresh.forEach(userId -> round.refresh(userId, awake.reachMs(userId)));
    if (round.isEmpty()) {
      assess(batch);
      return;
    }
    round.queries().forEach(query -> batch.restore(query.userId(), query.knownFromMs()));
    phase = new Phase.ReadingUsers(batch);
    read(batch, round);
  }

  private void read(Batch batch, UsersRound round) {
    pipe(
        batch,
        round.read(dependencies.accounts(), dependencies.history()),
        read -> new UsersRead(batch.id(), round, read));
  }

  /** Whether only its being due has the user read. */
  private boolean isToBeRead(Batch batch, String userId) {
    return !awake.contains(userId) && !batch.isOf(userId);
  }

  private void onUsersRead(Batch batch, UsersRound round, UsersRound.Read read) {
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
      awake.tell(
          asked.userId(),
          new UserActor.LearnVersions(
              batch.id(),
              read.versions().getOrDefault(asked.userId(), List.of()),
              asked.fromMs(),
              batch.passedBeforeMs(),
              context.getSelf()));
    }
    if (round.hasMore()) {
      read(batch, round);
    } else {
      assess(batch);
    }
  }

  private void assess(Batch batch) {
    phase = new Phase.Assessing(batch);
    batch.expectShares();
    for (Batch.Share share : batch.shares()) {
      if (share.user() == null) {
        share.found(awake.find(share.userId()));
      }
      Awake user = Objects.requireNonNull(share.user(), "awake");
      user.actor().tell(batch.assess(share, context.getSelf()));
    }
    streamTimeMs = batch.streamTimeMs();
    goOnWhenAllAnswered(batch);
  }

  private void onReply(Batch batch, UserActor.Reply reply) {
    switch (reply) {
      case UserActor.Done done -> {
        Batch.Share share = batch.done(done);
        Awake user = share == null ? null : share.user();
        if (user == null) {
          awake.update(done);
        } else {
          awake.update(user, done);
        }
        boolean isOpen = done.openSinceMs() != Long.MIN_VALUE;
        if (isOpen || done.wakeAtMs() != Long.MAX_VALUE) {
          watched.watch(
              done.userId(), done.wakeAtMs(), isOpen ? done.openSinceMs() : done.reachMs());
        } else {
          watched.forget(done.userId());
        }
        goOnWhenAllAnswered(batch);
      }
      case UserActor.Needs needs -> {
        batch.needs(needs);
        goOnWhenAllAnswered(batch);
      }
      case UserActor.Outdated outdated -> giveUp(batch, new Unavailable(outdated.reason()));
      case UserActor.Failed failed -> {
        if (batch.isOf(failed.userId())) {
          giveUp(batch, new Failed(failed.reason()));
        } else {
          setAside(batch, failed.userId());
          goOnWhenAllAnswered(batch);
        }
      }
    }
  }

  private void goOnWhenAllAnswered(Batch batch) {
    if (!(phase instanceof Phase.Assessing) || !batch.allAnswered()) {
      return;
    }
    FactsRound round = batch.takeFactsRound();
    if (!round.isEmpty()) {
      phase = new Phase.ReadingFacts(batch);
      pipe(
          batch,
          round.read(dependencies.accounts(), dependencies.history()),
          read -> new FactsRead(batch.id(), read));
      return;
    }
    Collection<String> ending = batch.takeAdvances();
    ending.addAll(watched.takeDue(batch.clockMs(), userId -> isToBeRead(batch, userId), 0));
    for (String userId : ending) {
      batch.expect(userId);
      awake.tell(userId, new UserActor.Advance(batch.id(), batch.clockMs(), context.getSelf()));
    }
    if (!ending.isEmpty()) {
      return;
    }
    if (batch.instantsToName().isEmpty()) {
      finish(batch, batch.announcements(List.of()));
    } else {
      phase = new Phase.Naming(batch);
      pipe(
          batch,
          dependencies.history().transactionIds(batch.instantsToName()),
          ids -> new IdsRead(batch.id(), ids));
    }
  }

  private void onFactsRead(Batch batch, FactsRound.Read read) {
    phase = new Phase.Assessing(batch);
    for (String userId : read.userIds()) {
      batch.expect(userId);
      awake.tell(userId, new UserActor.Learn(read.answersFor(userId)));
    }
  }

  private void finish(Batch batch, List<Announcement> announcements) {
    changedAccounts.looked();
    awake.forgetBeyond(node.awakeUsersMax(), node.awakeBytesMax());
    var reply =
        new Assessed(
            batch.sequence(),
            batch.assessments(),
            announcements,
            streamTimeMs,
            changedAccounts.seenMs(),
            awake.size(),
            awake.bytes());
    phase = new Phase.Answered(reply);
    batch.replyTo().tell(reply);
    audit.assessed(batch.lastOffset(), streamTimeMs, batch.isMereTick() && announcements.isEmpty());
  }

  /** Gives the batch up; what it touched is read again when it, or the next tick, comes. */
  private void giveUp(Batch batch, PartitionCommand.Reply answer) {
    for (String userId : batch.touched()) {
      awake.forget(userId);
      watched.lookAt(userId, batch.earliestMs(userId));
    }
    changedAccounts.putBack(batch.changed());
    streamTimeMs = batch.streamTimeBeforeMs();
    phase = phase instanceof Phase.Restoring ? new Phase.Blank() : new Phase.Idle();
    audit.givenUp();
    batch.replyTo().tell(answer);
  }

  /** Goes on without a user who is none of this batch's and whose own state makes us fail. */
  private void setAside(Batch batch, String userId) {
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
    recall.forgetAll();
    audit.forgetAll();
    streamTimeMs = Long.MIN_VALUE;
    phase = new Phase.Blank();
  }

  private Behavior<PartitionCommand> onGetUser(GetUser get) {
    node.deliveries().from(get.replyTo());
    ActorRef<UserActor.Command> user = awake.get(get.userId());
    if (user != null) {
      user.tell(new UserActor.Show(clockMs(), get.replyTo()));
    } else if (streamTimeMs == Long.MIN_VALUE) {
      questions.showAbsent(get, partition);
    } else {
      questions.showAbsent(get, clockMs());
    }
    return Behaviors.same();
  }

  private Behavior<PartitionCommand> onCheck(Check check) {
    node.deliveries().from(check.replyTo());
    String userId = check.transaction().userId();
    ActorRef<UserActor.Command> user = awake.get(userId);
    if (user != null) {
      questions.check(check, streamTimeMs, user);
    } else if (streamTimeMs == Long.MIN_VALUE) {
      questions.checkAbsent(check, partition);
    } else {
      questions.checkAbsent(check, streamTimeMs, watched.sinceMs(userId));
    }
    return Behaviors.same();
  }

  /** Stream time, moved on by how long there has been nothing to read. */
  private long clockMs() {
    return streamTimeMs == Long.MIN_VALUE ? streamTimeMs : streamTimeMs + idleMs;
  }

  private <T> void pipe(
      Batch batch, CompletionStage<T> read, Function<? super T, ? extends Own> toMessage) {
    long batchId = batch.id();
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
