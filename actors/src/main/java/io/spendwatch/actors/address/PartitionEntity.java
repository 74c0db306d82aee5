package io.spendwatch.actors.address;

import io.spendwatch.actors.partition.AbsentUser;
import io.spendwatch.actors.partition.PartitionActor;
import io.spendwatch.actors.partition.PartitionActors;
import io.spendwatch.actors.partition.PartitionCommand;
import io.spendwatch.actors.partition.PartitionQuery;
import io.spendwatch.actors.partition.PartitionQuery.GetUser;
import io.spendwatch.actors.partition.PartitionQuery.GetWindows;
import io.spendwatch.actors.partition.PartitionQuery.Leave;
import io.spendwatch.actors.partition.PartitionQuery.Reread;
import io.spendwatch.actors.partition.PartitionQuery.Settle;
import io.spendwatch.actors.partition.PartitionWindows;
import io.spendwatch.actors.ports.History;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
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
      int partition, PartitionActors actors, History history, Set<Integer> here) {
    return Behaviors.setup(
        context -> {
          here.add(partition);
          return Behaviors.receive(PartitionQuery.class)
              .onMessage(
                  GetUser.class,
                  get -> {
                    ActorRef<PartitionCommand> actor = actors.of(partition).orElse(null);
                    if (actor == null) {
                      context.spawnAnonymous(
                          AbsentUser.show(get.userId(), partition, history, get.replyTo()));
                    } else {
                      actor.tell(get);
                    }
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
