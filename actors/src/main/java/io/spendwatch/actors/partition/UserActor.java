package io.spendwatch.actors.partition;

import io.spendwatch.actors.exposure.Assessment;
import io.spendwatch.actors.exposure.Facts;
import io.spendwatch.actors.exposure.Received;
import io.spendwatch.actors.exposure.Transition;
import io.spendwatch.actors.exposure.UserExposure;
import io.spendwatch.actors.exposure.UserView;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.actors.ports.History.UserHistory;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.ExtensibleBehavior;
import org.apache.pekko.actor.typed.Signal;
import org.apache.pekko.actor.typed.TypedActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One user's actor: sequences what happens to a {@link UserExposure}, which has the rule.
 *
 * <pre>
 *   (unborn) ──Restore──▶ ready
 *
 *   ready ──Assess──▶ assessing ──(all assessed)──▶ ready
 *                      │  ▲
 *                 Needs▼  │Learn
 *                    waiting
 *
 *   any of them ──our own code throws──▶ broken: answers all with Failed, until it is stopped
 * </pre>
 *
 * Child of its {@link PartitionActor}, on the same node: these messages never travel. Each command
 * is answered with exactly one {@link Done}, {@link Outdated} or {@link Failed}, with any number of
 * {@link Needs} before it; {@link Show}, {@link ShowWindow} and {@link Copy} may come at any time.
 * After {@link Outdated} and {@link Failed} the parent stops the actor: its memory is not to be
 * trusted.
 */
final class UserActor extends ExtensibleBehavior<UserActor.Command> {

  private static final Logger log = LoggerFactory.getLogger(UserActor.class);

  sealed interface Command {}

  /**
   * Be this user, as stored. The first of all, and not part of the behavior to start with: an actor
   * keeps that for as long as it lives, and the stored form takes ten times the memory of the
   * window. Not answered.
   *
   * @param knownFromMs what {@code history} was asked to reach back to
   * @param toMs until when time has passed
   * @param versionsMax how many versions of the balance stay in memory
   */
  record Restore(String userId, UserHistory history, long knownFromMs, long toMs, int versionsMax)
      implements Command {}

  /**
   * Assess these, in this order.
   *
   * @param passedMs until when time has passed before each
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared; one of these per user and batch
  record Assess(
      long batch, List<Received> transactions, long[] passedMs, ActorRef<PartitionCommand> replyTo)
      implements Command {}

  /** What {@link Needs} asked for. */
  record Learn(Facts.Answers answers) implements Command {}

  /** Time has passed; episodes may have ended, and versions of the balance begun. */
  record Advance(long batch, long toMs, ActorRef<PartitionCommand> replyTo) implements Command {}

  /**
   * These are the versions of the balance from an instant on, with the one before it.
   *
   * @param toMs until when time has passed
   */
  record LearnVersions(
      long batch,
      List<AccountBalance> versions,
      long fromMs,
      long toMs,
      ActorRef<PartitionCommand> replyTo)
      implements Command {}

  /** Show yourself. */
  record Show(long streamTimeMs, ActorRef<UserView> replyTo) implements Command {}

  /** Show your window, to whoever gathers it. */
  record ShowWindow(long streamTimeMs, ActorRef<WindowGathering.Message> replyTo)
      implements Command {}

  /** Give a copy of yourself, for something to be tried on. */
  record Copy(ActorRef<? super CheckActor.Copied> replyTo) implements Command {}

  /** What the parent hears. */
  sealed interface Reply extends PartitionCommand.Internal {}

  /**
   * Done with the command.
   *
   * @param assessments one for each transaction of a {@link Assess}; else empty
   * @param transitions in order
   * @param openSinceMs start of the open episode; {@link Long#MIN_VALUE} for none
   * @param wakeAtMs once stream time has passed it, the user is to be sent {@link Advance}
   * @param entries in the window's memory
   * @param reachMs from where on versions of the balance matter
   * @param knownVersion highest number of one that is known; 0 for none
   * @param exposureMinor of the window where it is at
   * @param balance in force there; null without an account
   */
  record Done(
      long batch,
      String userId,
      List<Assessment> assessments,
      List<Transition> transitions,
      long openSinceMs,
      long wakeAtMs,
      int entries,
      long reachMs,
      long knownVersion,
      long exposureMinor,
      @Nullable AccountBalance balance)
      implements Reply {}

  /** Something has to be read first; {@link Learn} goes on. */
  record Needs(long batch, String userId, Facts.Wanted wanted) implements Reply {}

  /** What was read of the user does not suffice: it must be read anew. */
  record Outdated(long batch, String userId, String reason) implements Reply {}

  /** Our own code threw. */
  record Failed(long batch, String userId, String reason) implements Reply {}

  private static final Behavior<Command> UNBORN =
      Behaviors.receiveMessage(
          command -> command instanceof Restore restore ? restore(restore) : Behaviors.unhandled());

  private final String userId;
  private final UserExposure exposure;
  private final int versionsMax;

  /** Since the last {@link Done}. Seldom any: an empty list is kept, not replaced. */
  private List<Transition> transitions = new ArrayList<>(0);

  /** What is being assessed, until it is {@link Done}. */
  private record Assessing(Assess assess, List<Assessment> assessments, Facts facts) {}

  private @Nullable Assessing assessing;

  private UserActor(Restore restore) {
    this.userId = restore.userId;
    this.versionsMax = restore.versionsMax;
    this.exposure =
        UserExposure.restored(
            userId, restore.history, restore.knownFromMs, restore.toMs, transitions);
  }

  /** One that has still to be told who it is, by {@link Restore}. */
  static Behavior<Command> create() {
    return UNBORN;
  }

  private static Behavior<Command> restore(Restore restore) {
    try {
      return new UserActor(restore);
    } catch (RuntimeException e) {
      return broken(restore.userId, e);
    }
  }

  /** The parent waits for an answer, whatever happens here. */
  private static Behavior<Command> broken(String userId, RuntimeException defect) {
    log.error("user {} failed, its memory is dropped", userId, defect);
    return Behaviors.receiveMessage(
        command -> {
          switch (command) {
            case Assess assess -> fail(assess.batch(), userId, defect, assess.replyTo());
            case Advance advance -> fail(advance.batch(), userId, defect, advance.replyTo());
            case LearnVersions learn -> fail(learn.batch(), userId, defect, learn.replyTo());
            case Show show -> show.replyTo().tell(UserView.unavailable(userId));
            case ShowWindow show -> show.replyTo().tell(new WindowGathering.Nothing(userId));
            case Copy copy -> copy.replyTo().tell(new CheckActor.Copied(null));
            case Learn _ -> log.debug("user {}: an answer to what failed meanwhile", userId);
            case Restore _ -> throw alreadyRestored(userId);
          }
          return Behaviors.same();
        });
  }

  private static void fail(
      long batch, String userId, RuntimeException defect, ActorRef<PartitionCommand> replyTo) {
    replyTo.tell(new Failed(batch, userId, "user actor: " + defect));
  }

  @Override
  public Behavior<Command> receive(TypedActorContext<Command> context, Command command) {
    return switch (command) {
      case Assess assess -> {
        Assessing begun =
            new Assessing(assess, new ArrayList<>(assess.transactions().size()), new Facts());
        assessing = begun;
        yield guarded(assess.batch(), assess.replyTo(), () -> assessRest(begun));
      }
      case Learn(Facts.Answers answers) -> {
        Assessing asked = Objects.requireNonNull(assessing, "what has asked for it");
        yield guarded(asked.assess.batch(), asked.assess.replyTo(), () -> onLearn(asked, answers));
      }
      case Advance advance ->
          guarded(
              advance.batch(),
              advance.replyTo(),
              () -> {
                exposure.advance(advance.toMs(), -1, transitions);
                advance.replyTo().tell(done(advance.batch(), List.of()));
              });
      case LearnVersions learn ->
          guarded(
              learn.batch(),
              learn.replyTo(),
              () -> {
                exposure.learn(learn.versions(), learn.fromMs(), learn.toMs(), -1, transitions);
                exposure.advance(learn.toMs(), -1, transitions);
                learn.replyTo().tell(done(learn.batch(), List.of()));
              });
      case Show show -> onShow(show);
      case ShowWindow show -> onShowWindow(show);
      case Copy copy -> {
        copy.replyTo().tell(new CheckActor.Copied(exposure.copy()));
        yield Behaviors.same();
      }
      case Restore _ -> throw alreadyRestored(userId);
    };
  }

  @Override
  public Behavior<Command> receiveSignal(TypedActorContext<Command> context, Signal signal) {
    return Behaviors.unhandled();
  }

  private static IllegalStateException alreadyRestored(String userId) {
    return new IllegalStateException("user " + userId + " was restored before");
  }

  private Behavior<Command> onShow(Show show) {
    try {
      show.replyTo().tell(exposure.view(show.streamTimeMs()));
      return Behaviors.same();
    } catch (RuntimeException e) {
      show.replyTo().tell(UserView.unavailable(userId));
      return broken(userId, e);
    }
  }

  private Behavior<Command> onShowWindow(ShowWindow show) {
    try {
      show.replyTo().tell(new WindowGathering.Shown(exposure.window(show.streamTimeMs())));
      return Behaviors.same();
    } catch (RuntimeException e) {
      show.replyTo().tell(new WindowGathering.Nothing(userId));
      return broken(userId, e);
    }
  }

  private void onLearn(Assessing asked, Facts.Answers answers) {
    asked.facts.learn(answers);
    if (answers.hasVersions()) {
      int next = asked.assessments.size();
      exposure.learn(
          answers.versions(),
          answers.versionsFromMs(),
          asked.assess.passedMs()[next],
          asked.assess.transactions().get(next).offset(),
          transitions);
    }
    assessRest(asked);
  }

  private void assessRest(Assessing begun) {
    Assess assess = begun.assess;
    List<Received> transactions = assess.transactions();
    for (int i = begun.assessments.size(); i < transactions.size(); i++) {
      Received received = transactions.get(i);
      if (!exposure.covers(received.transaction().eventTimeMs())) {
        assess
            .replyTo()
            .tell(new Outdated(assess.batch(), userId, "read from too late an instant"));
        return;
      }
      Assessment assessment =
          exposure.assess(received, assess.passedMs()[i], begun.facts, transitions);
      if (assessment == null) {
        assess.replyTo().tell(new Needs(assess.batch(), userId, begun.facts.takeWanted()));
        return;
      }
      begun.assessments.add(assessment);
    }
    assess.replyTo().tell(done(assess.batch(), begun.assessments));
    assessing = null;
  }

  private Done done(long batch, List<Assessment> assessed) {
    exposure.trim(versionsMax);
    List<Transition> happened = List.of();
    if (!transitions.isEmpty()) {
      happened = transitions;
      transitions = new ArrayList<>(0);
    }
    return new Done(
        batch,
        userId,
        assessed,
        happened,
        exposure.openSinceMs(),
        exposure.wakeAtMs(),
        exposure.entries(),
        exposure.reachMs(),
        exposure.knownVersion(),
        exposure.exposureMinor(),
        exposure.balance());
  }

  private Behavior<Command> guarded(long batch, ActorRef<PartitionCommand> replyTo, Runnable work) {
    try {
      work.run();
      return Behaviors.same();
    } catch (RuntimeException e) {
      fail(batch, userId, e, replyTo);
      return broken(userId, e);
    }
  }
}
