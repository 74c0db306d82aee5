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

  private final PartitionMemory memory;
  private final AwakeUsers awake;
  private final AuditQueries audit;
  private final PartitionQuestions questions;

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
    this.memory = new PartitionMemory(context, partition, isAtHome, dependencies);
    this.awake = memory.awake();
    this.audit =
        new AuditQueries(
            context, partition, awake, memory.watched(), dependencies.windowQueriesMax());
    this.questions = new PartitionQuestions(context, partition, memory, node);
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
        memory.changedAccounts().add(userIds);
        yield Behaviors.same();
      }
      case AllAccountsChanged _ -> {
        memory.changedAccounts().addAll();
        yield Behaviors.same();
      }
      case Renamed(String before, String now) -> {
        audit.rename(before, now);
        yield Behaviors.same();
      }
      case GetUser get -> {
        questions.show(get);
        yield Behaviors.same();
      }
      case GetWindows get -> {
        node.deliveries().from(get.replyTo());
        audit.show(get);
        yield Behaviors.same();
      }
      case Check check -> {
        questions.check(check);
        yield Behaviors.same();
      }
      case GetTop get -> {
        questions.rank(get);
        yield Behaviors.same();
      }
      case TopUsers.NextSlice _ -> {
        questions.goOn();
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
        memory.recall().found(page);
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
    questions.begun(assess.idleMs());
    return new Batch(
        ++batches, partition, dependencies.topic(), dependencies.clearGraceMs(), assess);
  }

  private void onPartitionRead(Batch batch, PartitionHistory history) {
    memory.restored(history);
    beginReading(batch);
  }

  private void beginReading(Batch batch) {
    memory.begin(batch);
    recall(batch);
  }

  /** Before users are read: one of them may be among those who are found. */
  private void recall(Batch batch) {
    if (memory.recall().isToRead()) {
      phase = new Phase.Recalling(batch);
      pipe(
          batch,
          memory.recall().read(dependencies.accounts(), dependencies.history()),
          page -> new Recalled(batch.id(), page));
    } else {
      readUsers(batch);
    }
  }

  private void readUsers(Batch batch) {
    UsersRound round = memory.toRead(batch);
    if (round.isEmpty()) {
      assess(batch);
      return;
    }
    phase = new Phase.ReadingUsers(batch);
    read(batch, round);
  }

  private void read(Batch batch, UsersRound round) {
    pipe(
        batch,
        round.read(dependencies.accounts(), dependencies.history()),
        read -> new UsersRead(batch.id(), round, read));
  }

  private void onUsersRead(Batch batch, UsersRound round, UsersRound.Read read) {
    memory.wake(batch, read);
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
    memory.assess(batch);
    goOnWhenAllAnswered(batch);
  }

  private void onReply(Batch batch, UserActor.Reply reply) {
    switch (reply) {
      case UserActor.Done done -> {
        Batch.Share share = batch.done(done);
        memory.update(share == null ? null : share.user(), done);
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
    ending.addAll(memory.takeDue(batch, 0));
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
    memory.assessed(node.awakeUsersMax(), node.awakeBytesMax());
    var reply =
        new Assessed(
            batch.sequence(),
            batch.assessments(),
            announcements,
            memory.streamTimeMs(),
            memory.changedAccounts().seenMs(),
            awake.size(),
            awake.bytes());
    phase = new Phase.Answered(reply);
    batch.replyTo().tell(reply);
    audit.assessed(
        batch.lastOffset(), reply.streamTimeMs(), batch.isMereTick() && announcements.isEmpty());
  }

  /** Gives the batch up, and drops whom it had touched. */
  private void giveUp(Batch batch, PartitionCommand.Reply answer) {
    memory.giveUp(batch);
    phase = phase instanceof Phase.Restoring ? new Phase.Blank() : new Phase.Idle();
    audit.givenUp();
    batch.replyTo().tell(answer);
  }

  /** Goes on without a user who is none of this batch's and whose own state makes us fail. */
  private void setAside(Batch batch, String userId) {
    log.error(
        "partition={} user {} is set aside until the next transaction or start", partition, userId);
    memory.forget(userId);
    batch.setAside(userId);
  }

  private void forgetAll() {
    memory.forgetAll();
    audit.forgetAll();
    phase = new Phase.Blank();
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
