package io.spendwatch.actors.address;

import io.spendwatch.actors.partition.PartitionActor;
import io.spendwatch.actors.partition.PartitionActors;
import io.spendwatch.actors.partition.PartitionQuery;
import io.spendwatch.actors.partition.PartitionQuery.Check;
import io.spendwatch.actors.partition.PartitionQuery.GetTop;
import io.spendwatch.actors.partition.PartitionQuery.GetUser;
import io.spendwatch.actors.partition.PartitionQuery.GetWindows;
import io.spendwatch.actors.partition.PartitionQuery.Leave;
import io.spendwatch.actors.partition.PartitionQuery.Reread;
import io.spendwatch.actors.partition.PartitionQuery.Settle;
import io.spendwatch.actors.partition.PartitionWindows;
import io.spendwatch.actors.partition.UserQuestions;
import java.util.Set;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * A partition's address in the cluster: the sharded entity, which passes on to the {@link
 * PartitionActor} of its node. While the two are apart, because one has moved and the other is
 * about to, it answers from what is durable. Has no memory of its own, so it matters to nobody's
 * answer where it is.
 */
public final class PartitionEntity {

  private PartitionEntity() {}

  /**
   * The behavior of one shard.
   *
   * @param here the partitions whose address is on this node; kept up to date
   */
  public static Behavior<PartitionQuery> create(
      int partition, PartitionActors actors, Set<Integer> here) {
    return Behaviors.setup(
        context -> {
          here.add(partition);
          UserQuestions questions = actors.questions(context);
          return Behaviors.receive(PartitionQuery.class)
              .onMessage(
                  GetUser.class,
                  get -> {
                    actors
                        .of(partition)
                        .ifPresentOrElse(
                            actor -> actor.tell(get), () -> questions.showAbsent(get, partition));
                    return Behaviors.same();
                  })
              .onMessage(
                  Check.class,
                  check -> {
                    actors
                        .of(partition)
                        .ifPresentOrElse(
                            actor -> actor.tell(check),
                            () -> questions.checkAbsent(check, partition));
                    return Behaviors.same();
                  })
              .onMessage(
                  GetTop.class,
                  get -> {
                    actors
                        .of(partition)
                        .ifPresentOrElse(
                            actor -> actor.tell(get),
                            () -> get.replyTo().tell(PartitionWindows.notConsumed(partition)));
                    return Behaviors.same();
                  })
              .onMessage(
                  GetWindows.class,
                  get -> {
                    actors
                        .of(partition)
                        .ifPresentOrElse(
                            actor -> actor.tell(get),
                            () -> get.replyTo().tell(PartitionWindows.notConsumed(partition)));
                    return Behaviors.same();
                  })
              .onMessage(
                  Reread.class,
                  reread -> {
                    actors.of(partition).ifPresent(actor -> actor.tell(reread));
                    return Behaviors.same();
                  })
              .onMessage(Settle.class, _ -> Behaviors.same())
              .onMessage(Leave.class, _ -> Behaviors.stopped())
              .onSignal(
                  PostStop.class,
                  _ -> {
                    here.remove(partition);
                    return Behaviors.same();
                  })
              .build();
        });
  }
}
