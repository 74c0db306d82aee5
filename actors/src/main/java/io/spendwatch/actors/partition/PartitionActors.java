package io.spendwatch.actors.partition;

import io.spendwatch.actors.address.PartitionSharding;
import io.spendwatch.actors.ports.QuestionPorts;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.actor.typed.javadsl.ActorContext;

/**
 * The partition actors of this node: one for each life of the pipeline of a partition that it
 * consumes. The pipeline starts it when it has claimed the partition, talks to it directly, and
 * stops it when its life ends; so an actor's memory is never older than the claim, and the hot path
 * crosses no network and waits for nobody's word in the cluster. Everybody else reaches it through
 * {@link PartitionSharding}. Thread-safe.
 */
public final class PartitionActors {

  /** Names of actors are unique in their actor system. */
  private static final AtomicLong STARTED = new AtomicLong();

  private static final DispatcherSelector DISPATCHER =
      DispatcherSelector.fromConfig("spendwatch.actors.partition-dispatcher");

  private final ActorSystem<?> system;
  private final PartitionDependencies dependencies;
  private final QuestionPorts questions;
  private final Deliveries deliveries = new Deliveries();
  private final ConcurrentMap<Integer, ActorRef<PartitionCommand>> actors =
      new ConcurrentHashMap<>();

  /** With questions answered over the hot path's connections: for where few are asked. */
  public PartitionActors(ActorSystem<?> system, PartitionDependencies dependencies) {
    this(
        system,
        dependencies,
        new QuestionPorts(
            dependencies.windowQueriesMax(), dependencies.accounts(), dependencies.history()));
  }

  /**
   * @param questions what questions about users are answered from
   */
  public PartitionActors(
      ActorSystem<?> system, PartitionDependencies dependencies, QuestionPorts questions) {
    this.system = system;
    this.dependencies = dependencies;
    this.questions = questions;
  }

  /**
   * Starts the partition's actor, with an empty memory; messages to the partition now go there.
   *
   * @param isAtHome of a user's id: whether it is this partition that assesses the user, for as
   *     long as this life lasts
   */
  public ActorRef<PartitionCommand> start(int partition, Predicate<String> isAtHome) {
    ActorRef<PartitionCommand> actor =
        system.systemActorOf(
            PartitionActor.create(partition, isAtHome, dependencies, this),
            "partition-" + partition + "-" + STARTED.incrementAndGet(),
            DISPATCHER);
    actors.put(partition, actor);
    return actor;
  }

  /** Stops an actor of the partition, of whichever life. */
  public void stop(int partition, ActorRef<PartitionCommand> actor) {
    actors.remove(partition, actor);
    actor.tell(new PartitionCommand.Stop());
  }

  /** The actor of the partition's present life; empty while it has none here. */
  public Optional<ActorRef<PartitionCommand>> of(int partition) {
    return Optional.ofNullable(actors.get(partition));
  }

  /** The partitions that have an actor here. */
  public Set<Integer> partitions() {
    return Set.copyOf(actors.keySet());
  }

  /** Those of all partitions that are consumed here. */
  public void forEach(Consumer<ActorRef<PartitionCommand>> action) {
    actors.values().forEach(action);
  }

  /** From where they have been reached so far. */
  public Deliveries deliveries() {
    return deliveries;
  }

  /** Questions about users of a partition, for the actor whose context it is. */
  public UserQuestions questions(ActorContext<?> context) {
    return new UserQuestions(context, questions, dependencies.clearGraceMs());
  }

  /** How many users one of them may keep awake: an equal share of what the node may. */
  int awakeUsersMax() {
    return Math.toIntExact(share(dependencies.awakeUsersMax()));
  }

  /** How much memory the users of one of them may take: the same share. */
  long awakeBytesMax() {
    return share(dependencies.awakeBytesMax());
  }

  private long share(long whole) {
    return Math.max(1, whole / Math.max(1, actors.size()));
  }
}
