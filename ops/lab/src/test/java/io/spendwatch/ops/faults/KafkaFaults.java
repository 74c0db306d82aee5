package io.spendwatch.ops.faults;

import io.spendwatch.ops.faults.links.KafkaLink;
import io.spendwatch.ops.faults.links.KafkaLink.Treatment;
import io.spendwatch.ops.faults.processes.NodeProcess;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** How Kafka fails. Those of single requests need nodes that use the link. */
final class KafkaFaults {
  private static final Pattern ANY = Pattern.compile("Kafka: ");

  private static final Set<ApiKeys> OF_TRANSACTIONS =
      Set.of(
          ApiKeys.INIT_PRODUCER_ID,
          ApiKeys.ADD_PARTITIONS_TO_TXN,
          ApiKeys.ADD_OFFSETS_TO_TXN,
          ApiKeys.END_TXN,
          ApiKeys.TXN_OFFSET_COMMIT);

  private static final Set<ApiKeys> OF_GROUPS =
      Set.of(
          ApiKeys.JOIN_GROUP,
          ApiKeys.SYNC_GROUP,
          ApiKeys.HEARTBEAT,
          ApiKeys.OFFSET_FETCH,
          ApiKeys.OFFSET_COMMIT);

  private KafkaFaults() {}

  static Fault killed(FaultBed bed) {
    var server = bed.kafka().server();
    return Fault.of(server::kill, () -> bed.anyWaitsFor(ANY), server::start);
  }

  static Fault restarted(FaultBed bed) {
    var server = bed.kafka().server();
    return Fault.of(server::stop, () -> bed.anyWaitsFor(ANY), server::start);
  }

  static Fault stalled(FaultBed bed) {
    var server = bed.kafka().server();
    return Fault.of(server::freeze, () -> bed.anyWaitsFor(ANY), server::thaw);
  }

  static Fault noTransactions(FaultBed bed) {
    return treated(
        bed, bed.random().nextBoolean() ? Treatment.CUT : Treatment.SWALLOW, OF_TRANSACTIONS);
  }

  /** Transactions are committed, but nobody is told so. */
  static Fault ambiguousCommit(FaultBed bed) {
    return treated(bed, Treatment.CUT_ANSWER, Set.of(ApiKeys.END_TXN));
  }

  static Fault noGroup(FaultBed bed) {
    return treated(bed, bed.random().nextBoolean() ? Treatment.CUT : Treatment.SWALLOW, OF_GROUPS);
  }

  /** Another one comes up under the same name. */
  static Fault producerFenced(FaultBed bed) {
    return Fault.momentary(
        () -> {
          for (NodeProcess node : bed.nodes()) {
            try (var other =
                new KafkaProducer<>(
                    Map.of(
                        "bootstrap.servers", bed.kafka().bootstrapServers(),
                        "transactional.id", bed.transactionalId(node)),
                    new ByteArraySerializer(),
                    new ByteArraySerializer())) {
              other.initTransactions();
            }
          }
        });
  }

  private static Fault treated(FaultBed bed, Treatment treatment, Set<ApiKeys> requests) {
    List<KafkaLink> links = bed.kafka().links();
    return Fault.of(
        () -> links.forEach(link -> link.treat(treatment, requests)),
        () -> links.stream().anyMatch(link -> link.treated() > 0) && bed.anyWaitsFor(ANY),
        () -> links.forEach(KafkaLink::pass));
  }
}
