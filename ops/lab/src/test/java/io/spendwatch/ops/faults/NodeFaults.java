package io.spendwatch.ops.faults;

import io.spendwatch.ops.faults.links.KafkaLink;
import io.spendwatch.ops.faults.processes.NodeProcess;
import io.spendwatch.ops.faults.processes.NodeProcess.View;
import java.util.List;
import java.util.Optional;

/** How nodes fail. */
final class NodeFaults {
  private NodeFaults() {}

  static Fault killed(FaultBed bed) {
    NodeProcess victim = any(bed);
    return Fault.of(victim::kill, () -> othersHaveAll(bed, victim), victim::start);
  }

  static Fault allKilled(FaultBed bed) {
    return Fault.of(
        () -> bed.nodes().forEach(NodeProcess::kill),
        () -> bed.nodes().stream().noneMatch(NodeProcess::isAlive),
        () -> bed.nodes().forEach(NodeProcess::start));
  }

  static Fault terminated(FaultBed bed) {
    NodeProcess victim = any(bed);
    return Fault.of(victim::terminate, () -> othersHaveAll(bed, victim), victim::start);
  }

  /** One that has never been there comes, and goes again. */
  static Fault joined(FaultBed bed) {
    return new Fault() {
      private NodeProcess newcomer;

      @Override
      public void inflict() {
        newcomer = bed.join();
      }

      @Override
      public boolean shows() {
        return newcomer.view().filter(view -> view.partitions() > 0).isPresent()
            && haveAll(bed.nodes());
      }

      @Override
      public void heal() {
        bed.leave(newcomer);
      }
    };
  }

  static Fault frozen(FaultBed bed) {
    NodeProcess victim = any(bed);
    return Fault.of(victim::freeze, () -> othersHaveAll(bed, victim), victim::thaw);
  }

  /** The others give it up, and it gives itself up; it is started again before it is over. */
  static Fault cutFromPeers(FaultBed bed) {
    NodeProcess victim = any(bed);
    int endings = bed.endings().size();
    return Fault.of(
        () -> bed.cutFromPeers(victim),
        // Started again, it is no member, but has its share of the partitions.
        () ->
            bed.endings().size() > endings && partitions(views(bed.nodes())) == FaultBed.PARTITIONS,
        bed::healPeers);
  }

  /** It is still a member of the cluster, and still thinks of its partitions as its own. */
  static Fault cutFromKafka(FaultBed bed) {
    NodeProcess victim = any(bed);
    KafkaLink link = bed.kafkaLink(victim);
    return Fault.of(() -> link.cut(_ -> true), () -> othersHaveAll(bed, victim), link::heal);
  }

  /** One after the other, as an upgrade does it. */
  static Fault rollingRestart(FaultBed bed) {
    return Fault.momentary(
        () -> {
          for (NodeProcess node : bed.nodes()) {
            node.terminate();
            node.start();
            bed.awaitReady();
          }
        });
  }

  private static NodeProcess any(FaultBed bed) {
    return bed.nodes().get(bed.random().nextInt(bed.nodes().size()));
  }

  /** Whether the other nodes have taken over, and work. */
  private static boolean othersHaveAll(FaultBed bed, NodeProcess victim) {
    return haveAll(bed.nodes().stream().filter(node -> !node.equals(victim)).toList());
  }

  private static boolean haveAll(List<NodeProcess> nodes) {
    List<View> views = views(nodes);
    return views.size() == nodes.size()
        && views.stream().allMatch(View::isReady)
        && partitions(views) == FaultBed.PARTITIONS;
  }

  /** Of those that answer. */
  private static List<View> views(List<NodeProcess> nodes) {
    return nodes.stream().map(NodeProcess::view).flatMap(Optional::stream).toList();
  }

  private static int partitions(List<View> views) {
    return views.stream().mapToInt(View::partitions).sum();
  }
}
