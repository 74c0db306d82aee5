package io.spendwatch.actors.partition;

import io.spendwatch.actors.exposure.CheckAnswer;
import io.spendwatch.actors.exposure.CheckAnswer.Outcome;
import io.spendwatch.actors.exposure.UserView;
import io.spendwatch.actors.partition.CheckActor.Standing;
import io.spendwatch.actors.partition.PartitionQuery.Check;
import io.spendwatch.actors.partition.PartitionQuery.GetUser;
import io.spendwatch.actors.ports.QuestionPorts;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;

/**
 * Questions about users of one partition that need reading. What they wait for, they wait for
 * beside the partition's actor, so many at a time and no more. Lives in the actor whose context it
 * has.
 */
public final class UserQuestions {
  private final ActorContext<?> context;
  private final QuestionPorts ports;
  private final long clearGraceMs;
  private final AtomicInteger waiting = new AtomicInteger();

  UserQuestions(ActorContext<?> context, QuestionPorts ports, long clearGraceMs) {
    this.context = context;
    this.ports = ports;
    this.clearGraceMs = clearGraceMs;
  }

  /** Shows a user of a partition that has no actor here. */
  public void showAbsent(GetUser get, int partition) {
    if (enters()) {
      show(
          get,
          AbsentUser.view(get.userId(), partition, ports.history(), context.getExecutionContext()));
    } else {
      get.replyTo().tell(UserView.unavailable(get.userId()));
    }
  }

  /** Shows a user who is not awake. */
  void showAbsent(GetUser get, long streamTimeMs) {
    if (enters()) {
      show(
          get,
          AbsentUser.view(
              get.userId(), streamTimeMs, ports.history(), context.getExecutionContext()));
    } else {
      get.replyTo().tell(UserView.unavailable(get.userId()));
    }
  }

  private void show(GetUser get, CompletionStage<UserView> view) {
    var _ =
        view.whenComplete(
            (shown, _) -> {
              leaves();
              get.replyTo().tell(shown);
            });
  }

  /** Checks against a user of a partition that has no actor here. */
  public void checkAbsent(Check check, int partition) {
    if (entersCheck(check)) {
      var _ =
          context.spawnAnonymous(
              CheckActor.ofAbsent(check, partition, clearGraceMs, ports, this::leaves));
    }
  }

  /**
   * Checks against a user who is not awake.
   *
   * @param sinceMs what an open episode of the user has to be read back to; {@link Long#MAX_VALUE}
   *     for none
   */
  void checkAbsent(Check check, long streamTimeMs, long sinceMs) {
    if (entersCheck(check)) {
      var _ =
          context.spawnAnonymous(
              CheckActor.ofAbsent(check, standing(streamTimeMs), sinceMs, ports, this::leaves));
    }
  }

  /** Checks against a user who is awake. */
  void check(Check check, long streamTimeMs, ActorRef<UserActor.Command> user) {
    if (entersCheck(check)) {
      user.tell(
          new UserActor.Copy(
              context.spawnAnonymous(
                  CheckActor.ofAwake(check, standing(streamTimeMs), ports, this::leaves))));
    }
  }

  private Standing standing(long streamTimeMs) {
    return new Standing(streamTimeMs, clearGraceMs);
  }

  private boolean entersCheck(Check check) {
    if (enters()) {
      return true;
    }
    check.replyTo().tell(CheckAnswer.none(Outcome.BUSY));
    return false;
  }

  private boolean enters() {
    if (waiting.incrementAndGet() <= ports.waitingMax()) {
      return true;
    }
    leaves();
    return false;
  }

  /** On any thread. */
  private void leaves() {
    waiting.decrementAndGet();
  }
}
