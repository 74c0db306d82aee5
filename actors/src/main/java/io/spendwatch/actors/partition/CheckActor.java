package io.spendwatch.actors.partition;

import io.spendwatch.actors.exposure.CheckAnswer;
import io.spendwatch.actors.exposure.CheckAnswer.Outcome;
import io.spendwatch.actors.exposure.ExposureWindow;
import io.spendwatch.actors.exposure.Trial;
import io.spendwatch.actors.exposure.UserExposure;
import io.spendwatch.actors.partition.PartitionQuery.Check;
import io.spendwatch.actors.ports.History.UserHistory;
import io.spendwatch.actors.ports.History.UserQuery;
import io.spendwatch.actors.ports.QuestionPorts;
import io.spendwatch.protocol.Transaction;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out what one transaction would do, answers once, and is gone.
 *
 * <pre>
 *   user awake  ──Copied──────────────────▶ trial ──▶ answer
 *   user absent ──(StreamTime)──Restored──▶   │ ▲
 *                                        reads▼ │Learnt
 * </pre>
 *
 * The user's actor gives a copy of its state, in one message; all else happens here, over the
 * connections of questions. So a batch waits for a check no longer than the copying takes, and what
 * is tried touches nobody.
 */
final class CheckActor {

  private static final Logger log = LoggerFactory.getLogger(CheckActor.class);

  sealed interface Message {}

  /** A copy of the user; null of one whose memory is not to be trusted. */
  record Copied(@Nullable UserExposure copy) implements Message {}

  private record StreamTime(long ms) implements Message {}

  /** Null of a user of whom something stored cannot be read. */
  private record Restored(UserQuery query, @Nullable UserHistory history) implements Message {}

  private record Learnt(Trial trial, FactsRound.Read read) implements Message {}

  private record Failed(Throwable failure) implements Message {}

  /**
   * How the partition stands.
   *
   * @param streamTimeMs {@link Long#MIN_VALUE} before any
   * @param clearGraceMs by how much stream time must have passed what time alone deals with
   */
  record Standing(long streamTimeMs, long clearGraceMs) {
    long passedMs() {
      return streamTimeMs == Long.MIN_VALUE ? streamTimeMs : streamTimeMs - clearGraceMs;
    }
  }

  private final ActorContext<Message> context;
  private final Check check;
  private final Transaction transaction;
  private final QuestionPorts ports;
  private final Runnable over;
  private boolean hasEnded;
  private Standing standing;

  private CheckActor(
      ActorContext<Message> context,
      Check check,
      Standing standing,
      QuestionPorts ports,
      Runnable over) {
    this.context = context;
    this.check = check;
    this.transaction = check.transaction();
    this.standing = standing;
    this.ports = ports;
    this.over = over;
  }

  /**
   * Waits for {@link Copied}.
   *
   * @param over run once it is gone
   */
  static Behavior<Message> ofAwake(
      Check check, Standing standing, QuestionPorts ports, Runnable over) {
    return Behaviors.setup(
        context -> new CheckActor(context, check, standing, ports, over).behavior());
  }

  /**
   * Reads the user.
   *
   * @param sinceMs what an open episode of the user has to be read back to; {@link Long#MAX_VALUE}
   *     for none
   * @param over run once it is gone
   */
  static Behavior<Message> ofAbsent(
      Check check, Standing standing, long sinceMs, QuestionPorts ports, Runnable over) {
    return Behaviors.setup(
        context -> {
          var actor = new CheckActor(context, check, standing, ports, over);
          actor.readUser(sinceMs);
          return actor.behavior();
        });
  }

  /** Reads the stream time of a partition that has no actor here, and then the user. */
  static Behavior<Message> ofAbsent(
      Check check, int partition, long clearGraceMs, QuestionPorts ports, Runnable over) {
    return Behaviors.setup(
        context -> {
          var standing = new Standing(Long.MIN_VALUE, clearGraceMs);
          var actor = new CheckActor(context, check, standing, ports, over);
          actor.pipe(
              ports.history().partition(partition), read -> new StreamTime(read.streamTimeMs()));
          return actor.behavior();
        });
  }

  private Behavior<Message> behavior() {
    return Behaviors.receive(Message.class)
        .onAnyMessage(this::onMessageGuarded)
        .onSignal(
            PostStop.class,
            _ -> {
              end();
              return Behaviors.same();
            })
        .build();
  }

  /** Whoever asks must not have to wait for its deadline to hear of a fault of ours. */
  private Behavior<Message> onMessageGuarded(Message message) {
    try {
      return onMessage(message);
    } catch (RuntimeException e) {
      log.error("user {} cannot be tried on", transaction.userId(), e);
      return answer(CheckAnswer.none(Outcome.UNAVAILABLE));
    }
  }

  private Behavior<Message> onMessage(Message message) {
    return switch (message) {
      case StreamTime(long ms) -> {
        standing = new Standing(ms, standing.clearGraceMs());
        yield readUser(Long.MAX_VALUE);
      }
      case Copied(UserExposure copy) -> onCopied(copy);
      case Restored(UserQuery query, UserHistory history) -> onRestored(query, history);
      case Learnt(Trial trial, FactsRound.Read read) -> {
        trial.learn(read.answersFor(transaction.userId()));
        yield goOn(trial);
      }
      case Failed(Throwable failure) -> {
        log.debug("user {} cannot be read for a check", transaction.userId(), failure);
        yield answer(CheckAnswer.none(Outcome.UNAVAILABLE));
      }
    };
  }

  private Behavior<Message> onCopied(@Nullable UserExposure copy) {
    if (copy == null) {
      return answer(CheckAnswer.none(Outcome.UNAVAILABLE));
    }
    if (!copy.covers(transaction.eventTimeMs())) {
      // Read from too late an instant for this one, as a batch would find out, too.
      return readUser(Long.MAX_VALUE);
    }
    return goOn(Trial.onCopy(copy, transaction, standing.streamTimeMs(), standing.passedMs()));
  }

  private Behavior<Message> readUser(long sinceMs) {
    long earliestMs = Math.min(transaction.eventTimeMs(), sinceMs);
    UserQuery query = new UserQuery(transaction.userId(), earliestMs - ExposureWindow.RETENTION_MS);
    pipe(
        ports.history().users(List.of(query)),
        histories -> new Restored(query, histories.get(transaction.userId())));
    return Behaviors.same();
  }

  private Behavior<Message> onRestored(UserQuery query, @Nullable UserHistory history) {
    if (history == null) {
      return answer(CheckAnswer.none(Outcome.UNAVAILABLE));
    }
    return goOn(
        Trial.onRead(
            AbsentUser.restored(query, history, standing.passedMs()),
            transaction,
            standing.streamTimeMs(),
            standing.passedMs(),
            history.versionsFromMs()));
  }

  private Behavior<Message> goOn(Trial trial) {
    Optional<CheckAnswer> answer = trial.answer();
    if (answer.isPresent()) {
      return answer(answer.get());
    }
    var round = new FactsRound();
    round.add(transaction.userId(), trial.wanted());
    pipe(round.read(ports.accounts(), ports.history()), read -> new Learnt(trial, read));
    return Behaviors.same();
  }

  private Behavior<Message> answer(CheckAnswer answer) {
    // Who has the answer may ask the next at once.
    end();
    check.replyTo().tell(answer);
    return Behaviors.stopped();
  }

  private void end() {
    if (!hasEnded) {
      hasEnded = true;
      over.run();
    }
  }

  private <T> void pipe(CompletionStage<T> read, Function<T, Message> toMessage) {
    context.pipeToSelf(
        read, (value, failure) -> failure == null ? toMessage.apply(value) : new Failed(failure));
  }
}
