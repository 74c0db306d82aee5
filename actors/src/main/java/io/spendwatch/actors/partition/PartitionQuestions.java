package io.spendwatch.actors.partition;

import io.spendwatch.actors.partition.PartitionQuery.Check;
import io.spendwatch.actors.partition.PartitionQuery.GetTop;
import io.spendwatch.actors.partition.PartitionQuery.GetUser;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;

/**
 * What people and other nodes ask a partition about its users, whatever batch is under way: one who
 * is awake answers by itself, and what has to be read for one who is not waits beside the
 * partition's actor. Lives in that actor; those about whole windows, which wait for a moment
 * between two batches, are {@link AuditQueries}.
 */
final class PartitionQuestions {
  private final int partition;
  private final PartitionMemory memory;
  private final Deliveries deliveries;
  private final UserQuestions users;
  private final TopUsers top;

  /** For how long the partition had had nothing to read, with the last batch. */
  private long idleMs;

  PartitionQuestions(
      ActorContext<PartitionCommand> context,
      int partition,
      PartitionMemory memory,
      PartitionActors node) {
    this.partition = partition;
    this.memory = memory;
    this.deliveries = node.deliveries();
    this.users = node.questions(context);
    this.top = new TopUsers(context, partition, memory.awake(), this::clockMs);
  }

  /** A batch begins, before which the partition had nothing to read for so long. */
  void begun(long batchIdleMs) {
    idleMs = batchIdleMs;
  }

  void show(GetUser get) {
    deliveries.from(get.replyTo());
    ActorRef<UserActor.Command> user = memory.awake().get(get.userId());
    if (user != null) {
      user.tell(new UserActor.Show(clockMs(), get.replyTo()));
    } else if (memory.streamTimeMs() == Long.MIN_VALUE) {
      users.showAbsent(get, partition);
    } else {
      users.showAbsent(get, clockMs());
    }
  }

  void check(Check check) {
    deliveries.from(check.replyTo());
    long streamTimeMs = memory.streamTimeMs();
    String userId = check.transaction().userId();
    ActorRef<UserActor.Command> user = memory.awake().get(userId);
    if (user != null) {
      users.check(check, streamTimeMs, user);
    } else if (streamTimeMs == Long.MIN_VALUE) {
      users.checkAbsent(check, partition);
    } else {
      users.checkAbsent(check, streamTimeMs, memory.watched().sinceMs(userId));
    }
  }

  void rank(GetTop get) {
    deliveries.from(get.replyTo());
    top.ask(get);
  }

  /** Goes on with the ranking that is under way. */
  void goOn() {
    top.goOn();
  }

  /** Stream time, moved on by how long there has been nothing to read. */
  private long clockMs() {
    long streamTimeMs = memory.streamTimeMs();
    return streamTimeMs == Long.MIN_VALUE ? streamTimeMs : streamTimeMs + idleMs;
  }
}
