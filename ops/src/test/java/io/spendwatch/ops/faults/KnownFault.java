package io.spendwatch.ops.faults;

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
  NODE_KILLED(Needs.SECOND_NODE),
  NODES_ALL_KILLED(Needs.NOTHING),
  NODE_FROZEN(Needs.SECOND_NODE),
  NODE_TERMINATED(Needs.SECOND_NODE);

  /** What a bed must have. */
  enum Needs {
    NOTHING,
    /** Nodes that reach the servers by way of the links. */
    LINKS,
    /** PostgreSQL's data on a {@link SmallDisk}. */
    SMALL_DISK,
    SECOND_NODE
  }

  private final Needs needs;

  KnownFault(Needs needs) {
    this.needs = needs;
  }

  Needs needs() {
    return needs;
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
      case NODE_KILLED -> NodeFaults.killed(bed);
      case NODES_ALL_KILLED -> NodeFaults.allKilled(bed);
      case NODE_FROZEN -> NodeFaults.frozen(bed);
      case NODE_TERMINATED -> NodeFaults.terminated(bed);
    };
  }

  /** Its name on a command line. */
  String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
