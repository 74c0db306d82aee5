package io.spendwatch.ops.faults;

import java.util.List;

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

  static Fault frozen(FaultBed bed) {
    NodeProcess victim = any(bed);
    return Fault.of(victim::freeze, () -> othersHaveAll(bed, victim), victim::thaw);
  }

  private static NodeProcess any(FaultBed bed) {
    return bed.nodes().get(bed.random().nextInt(bed.nodes().size()));
  }

  /** Whether the other nodes have taken over, and work. */
  private static boolean othersHaveAll(FaultBed bed, NodeProcess victim) {
    List<NodeProcess> others = bed.nodes().stream().filter(node -> !node.equals(victim)).toList();
    return others.stream().allMatch(NodeProcess::isReady)
        && others.stream().mapToInt(NodeProcess::partitions).sum() == FaultBed.PARTITIONS;
  }
}
