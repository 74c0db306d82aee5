package io.spendwatch.ops.node;

import io.spendwatch.actors.ClusterMessage;
import io.spendwatch.ops.status.ClusterStatus;
import io.spendwatch.ops.status.ClusterStatus.Membership;
import io.spendwatch.ops.status.NodeStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.StreamSupport;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.receptionist.Receptionist;
import org.apache.pekko.actor.typed.receptionist.ServiceKey;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.typed.Cluster;

/**
 * Asks every node of the cluster how it is, and answers the others for this one. Thread-safe.
 *
 * <p>Those that cannot be reached are not waited for; those that do not answer within {@link
 * #ANSWER} are listed as such.
 */
final class Census {

  /**
   * How are you? Travels between nodes of different versions: fields may be added, with a default
   * for when they are missing, but not renamed, removed or used for something else.
   */
  record Ask(ActorRef<NodeStatus> replyTo) implements ClusterMessage {}

  private static final Duration ANSWER = Duration.ofSeconds(2);
  private static final ServiceKey<Ask> NODES = ServiceKey.create(Ask.class, "node-status");

  private final ActorSystem<?> system;
  private final StatusSource self;

  /** Answers from now on. */
  Census(ActorSystem<?> system, StatusSource self) {
    this.system = system;
    this.self = self;
    ActorRef<Ask> answering = system.systemActorOf(answering(self), "node-status", Props.empty());
    system.receptionist().tell(Receptionist.register(NODES, answering));
  }

  /** Completes within about two seconds, whoever answers. */
  CompletionStage<ClusterStatus> take() {
    return AskPattern.<Receptionist.Command, Receptionist.Listing>ask(
            system.receptionist(),
            replyTo -> Receptionist.find(NODES, replyTo),
            ANSWER,
            system.scheduler())
        .thenCompose(listing -> answers(listing.getServiceInstances(NODES)))
        .exceptionally(_ -> List.of())
        .thenApply(answers -> ClusterStatus.of(self.now(), memberships(), answers));
  }

  private static Behavior<Ask> answering(StatusSource self) {
    return Behaviors.receiveMessage(
        ask -> {
          ask.replyTo().tell(self.now());
          return Behaviors.same();
        });
  }

  private CompletionStage<List<NodeStatus>> answers(Set<ActorRef<Ask>> nodes) {
    CompletableFuture<List<NodeStatus>> all = CompletableFuture.completedFuture(List.of());
    for (ActorRef<Ask> node : nodes) {
      // All are asked at once; only their answers are put together one after the other.
      CompletionStage<Optional<NodeStatus>> answer =
          AskPattern.<Ask, NodeStatus>ask(node, Ask::new, ANSWER, system.scheduler())
              .handle((status, _) -> Optional.ofNullable(status));
      all = all.thenCombine(answer, Census::with);
    }
    return all;
  }

  private static List<NodeStatus> with(List<NodeStatus> answers, Optional<NodeStatus> one) {
    List<NodeStatus> more = new ArrayList<>(answers);
    one.ifPresent(more::add);
    return more;
  }

  private Collection<Membership> memberships() {
    var state = Cluster.get(system).state();
    Set<Member> unreachable = state.getUnreachable();
    return StreamSupport.stream(state.getMembers().spliterator(), false)
        .map(
            member ->
                new Membership(
                    member.address().toString(),
                    member.status().toString(),
                    !unreachable.contains(member),
                    // Pekko marks the data centre by a role, and we have one.
                    member.getRoles().stream()
                        .filter(role -> !role.startsWith("dc-"))
                        .sorted()
                        .toList()))
        .toList();
  }
}
