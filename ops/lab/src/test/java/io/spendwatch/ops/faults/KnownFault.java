package io.spendwatch.ops.faults;

import io.spendwatch.ops.faults.processes.SmallDisk;
import java.util.Locale;

/** All that can be inflicted, by name. */
enum KnownFault {
  POSTGRES_KILLED(Needs.NOTHING),
  POSTGRES_RESTARTED(Needs.NOTHING),
  POSTGRES_STALLED(Needs.NOTHING),
  POSTGRES_READ_ONLY(Needs.NOTHING),
  POSTGRES_OUT_OF_CONNECTIONS(Needs.NOTHING),
  POSTGRES_CONNECTIONS_TERMINATED(Needs.NOTHING),
  POSTGRES_CONNECTIONS_DEAD(Needs.LINKS),
  POSTGRES_DISK_SLOW(Needs.NOTHING),
  POSTGRES_DISK_FULL(Needs.SMALL_DISK),
  KAFKA_KILLED(Needs.NOTHING),
  KAFKA_RESTARTED(Needs.NOTHING),
  KAFKA_STALLED(Needs.NOTHING),
  KAFKA_NO_TRANSACTIONS(Needs.LINKS),
  KAFKA_AMBIGUOUS_COMMIT(Needs.LINKS),
  KAFKA_PRODUCER_FENCED(Needs.NOTHING),
  KAFKA_NO_GROUP(Needs.LINKS),
  NODES_ALL_KILLED(Needs.NOTHING),
  NODE_JOINED(Needs.CLUSTER),
  NODE_TERMINATED(Needs.CLUSTER),
  NODE_KILLED(Needs.CLUSTER),
  NODE_FROZEN(Needs.CLUSTER),
  NODE_CUT_FROM_PEERS(Needs.CLUSTER),
  NODE_CUT_FROM_KAFKA(Needs.CLUSTER),
  CLUSTER_ROLLING_RESTART(Needs.CLUSTER);

  /** What a bed must have. */
  enum Needs {
    NOTHING,
    /** Two nodes that reach the servers by way of the links. */
    LINKS,
    /** PostgreSQL's data on a {@link SmallDisk}. */
    SMALL_DISK,
    /** Three nodes with links between them. */
    CLUSTER
  }

  private final Needs needs;

  KnownFault(Needs needs) {
    this.needs = needs;
  }

  Needs needs() {
    return needs;
  }

  /** Whether the node that it befalls may find that the others have given it up, and then ends. */
  boolean endsNode() {
    return this == NODE_FROZEN || this == NODE_CUT_FROM_PEERS;
  }

  /** One such fault, not inflicted yet. */
  Fault on(FaultBed bed) {
    return switch (this) {
      case POSTGRES_KILLED -> PostgresFaults.killed(bed);
      case POSTGRES_RESTARTED -> PostgresFaults.restarted(bed);
      case POSTGRES_STALLED -> PostgresFaults.stalled(bed);
      case POSTGRES_READ_ONLY -> PostgresFaults.readOnly(bed);
      case POSTGRES_OUT_OF_CONNECTIONS -> new HeldConnections(bed);
      case POSTGRES_CONNECTIONS_TERMINATED -> PostgresFaults.connectionsTerminated(bed);
      case POSTGRES_CONNECTIONS_DEAD -> PostgresFaults.connectionsDead(bed);
      case POSTGRES_DISK_SLOW -> PostgresFaults.diskSlow(bed);
      case POSTGRES_DISK_FULL -> PostgresFaults.diskFull(bed);
      case KAFKA_KILLED -> KafkaFaults.killed(bed);
      case KAFKA_RESTARTED -> KafkaFaults.restarted(bed);
      case KAFKA_STALLED -> KafkaFaults.stalled(bed);
      case KAFKA_NO_TRANSACTIONS -> KafkaFaults.noTransactions(bed);
      case KAFKA_AMBIGUOUS_COMMIT -> KafkaFaults.ambiguousCommit(bed);
      case KAFKA_PRODUCER_FENCED -> KafkaFaults.producerFenced(bed);
      case KAFKA_NO_GROUP -> KafkaFaults.noGroup(bed);
      case NODES_ALL_KILLED -> NodeFaults.allKilled(bed);
      case NODE_JOINED -> NodeFaults.joined(bed);
      case NODE_TERMINATED -> NodeFaults.terminated(bed);
      case NODE_KILLED -> NodeFaults.killed(bed);
      case NODE_FROZEN -> NodeFaults.frozen(bed);
      case NODE_CUT_FROM_PEERS -> NodeFaults.cutFromPeers(bed);
      case NODE_CUT_FROM_KAFKA -> NodeFaults.cutFromKafka(bed);
      case CLUSTER_ROLLING_RESTART -> NodeFaults.rollingRestart(bed);
    };
  }

  /** Its name on a command line. */
  String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
