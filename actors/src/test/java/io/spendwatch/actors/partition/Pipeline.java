package io.spendwatch.actors.partition;

import io.spendwatch.actors.exposure.Received;
import io.spendwatch.actors.partition.PartitionCommand.Assess;
import io.spendwatch.actors.partition.PartitionCommand.Assessed;
import io.spendwatch.actors.partition.PartitionCommand.Reply;
import io.spendwatch.actors.partition.PartitionCommand.Unavailable;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;

/** The pipeline's part: asks, writes, asks again. */
final class Pipeline {
  static final long NOW_MS = 1_700_000_000_000L;

  final InMemoryLedger ledger = new InMemoryLedger();
  final PartitionActors actors;
  ActorRef<PartitionCommand> actor;
  final TestProbe<Reply> probe;
  final List<Received> pending = new ArrayList<>();
  long sequence = 1;
  long offset;
  long idleMs;
  boolean balancesPushed = true;

  Pipeline(ActorTestKit kit, int awakeUsersMax) {
    this(kit, awakeUsersMax, 1_000_000, 1000);
  }

  Pipeline(ActorTestKit kit, int awakeUsersMax, long awakeBytesMax, int restoreUsersMax) {
    this(kit, awakeUsersMax, awakeBytesMax, restoreUsersMax, 1000);
  }

  Pipeline(
      ActorTestKit kit,
      int awakeUsersMax,
      long awakeBytesMax,
      int restoreUsersMax,
      int watchedUsersMax) {
    probe = kit.createTestProbe(Reply.class);
    actors =
        new PartitionActors(
            kit.system(),
            new PartitionDependencies(
                "transactions",
                awakeUsersMax,
                awakeBytesMax,
                restoreUsersMax,
                10_000,
                watchedUsersMax,
                2,
                1000,
                0,
                ledger,
                ledger));
    actor = actors.start(3, _ -> true);
  }

  Pipeline add(String userId, String transactionId, long atMs, long amountMinor) {
    pending.add(
        new Received(
            new Transaction(
                transactionId,
                userId,
                amountMinor,
                "USD",
                atMs,
                TransactionKind.PURCHASE,
                null,
                null),
            offset++));
    return this;
  }

  /** A transaction that no code of ours expects. */
  Pipeline addPoison(String userId, String transactionId) {
    pending.add(
        new Received(
            new Transaction(transactionId, userId, 1, "USD", NOW_MS, null, null, null), offset++));
    return this;
  }

  Reply ask() {
    tell();
    return probe.receiveMessage();
  }

  void tell() {
    actor.tell(
        new Assess(
            sequence,
            NOW_MS,
            idleMs,
            balancesPushed,
            offset - 1,
            List.copyOf(pending),
            probe.ref()));
  }

  /** Asks until it is assessed, and makes it durable. */
  Assessed run() {
    Reply reply = ask();
    while (reply instanceof Unavailable) {
      reply = ask();
    }
    Assessed assessed = (Assessed) reply;
    ledger.write(pending, assessed);
    pending.clear();
    sequence++;
    return assessed;
  }

  void restart() {
    actors.stop(3, actor);
    actor = actors.start(3, _ -> true);
    sequence = 1;
    pending.clear();
  }
}
