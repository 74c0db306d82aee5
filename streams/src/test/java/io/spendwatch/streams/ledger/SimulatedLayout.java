package io.spendwatch.streams.ledger;

import io.spendwatch.streams.ledger.SimulatedPipelines.Pipeline;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Table topic_layout of the {@link SimulatedPostgres}, and what its statements promise. */
final class SimulatedLayout {
  private final Map<Integer, Pipeline> pipelines;
  private final List<Integer> former = new ArrayList<>();
  private long version;
  private int partitions;
  private int announced;
  private Integer growingTo;
  private Long[] marks;

  SimulatedLayout(Map<Integer, Pipeline> pipelines) {
    this.pipelines = pipelines;
  }

  boolean isThere() {
    return partitions > 0;
  }

  long version() {
    return version;
  }

  int partitions() {
    return partitions;
  }

  Integer[] former() {
    return former.toArray(Integer[]::new);
  }

  Integer growingTo() {
    return growingTo;
  }

  Long[] marks() {
    return marks;
  }

  RowSet<Row> adopt(Tuple in) {
    if (!isThere()) {
      version = 1;
      partitions = in.getInteger(0);
    }
    return new SimulatedRows();
  }

  RowSet<Row> read(Tuple in) {
    SimulatedRows rows = new SimulatedRows();
    if (isThere()) {
      rows.add(
          version,
          partitions,
          former.toArray(Integer[]::new),
          growingTo,
          marks,
          awaited().toArray(Integer[]::new),
          announced);
    }
    return rows;
  }

  private List<Integer> awaited() {
    List<Integer> awaited = new ArrayList<>();
    for (int partition = 0; growingTo != null && partition < partitions; partition++) {
      Pipeline pipeline = pipelines.get(partition);
      if (pipeline == null ? marks[partition] > 0 : !growingTo.equals(pipeline.heldFor)) {
        awaited.add(partition);
      }
    }
    return awaited;
  }

  RowSet<Row> announce(Tuple in) {
    if (isThere()) {
      announced = Math.max(announced, in.getInteger(0));
    }
    return new SimulatedRows();
  }

  RowSet<Row> begin(Tuple in) {
    if (isThere() && partitions == in.getInteger(0) && growingTo == null) {
      growingTo = in.getInteger(1);
      marks = in.getArrayOfLongs(2);
      version++;
    }
    return new SimulatedRows();
  }

  RowSet<Row> finish(Tuple in) {
    Integer target = in.getInteger(0);
    if (!isThere() || !target.equals(growingTo) || !awaited().isEmpty()) {
      return new SimulatedRows().add(false);
    }
    int before = partitions;
    Map<Integer, Long> streamTimesMs = new HashMap<>();
    Map<Integer, OffsetDateTime> writtenAt = new HashMap<>();
    for (int partition = 0; partition < target; partition++) {
      for (int old = 0; old < before; old++) {
        if (target % before != 0 || old == partition % before) {
          Pipeline origin = pipelines.computeIfAbsent(old, _ -> new Pipeline());
          if (origin.streamTimeMs != null) {
            streamTimesMs.merge(partition, origin.streamTimeMs, Math::max);
          }
          if (origin.writtenAt != null) {
            writtenAt.merge(partition, origin.writtenAt, (a, b) -> a.isAfter(b) ? a : b);
          }
        }
      }
    }
    for (int partition = 0; partition < target; partition++) {
      Pipeline pipeline = pipelines.computeIfAbsent(partition, _ -> new Pipeline());
      pipeline.epoch++;
      pipeline.heldFor = null;
      boolean _ = pipeline.isNewest(pipeline.epoch, -1);
      Long streamTimeMs = streamTimesMs.get(partition);
      if (streamTimeMs != null
          && (pipeline.streamTimeMs == null || pipeline.streamTimeMs < streamTimeMs)) {
        pipeline.streamTimeMs = streamTimeMs;
      }
      OffsetDateTime at = writtenAt.get(partition);
      if (at != null && (pipeline.writtenAt == null || pipeline.writtenAt.isBefore(at))) {
        pipeline.writtenAt = at;
      }
    }
    version++;
    former.add(before);
    partitions = target;
    growingTo = null;
    marks = null;
    return new SimulatedRows().add(true);
  }

  /** Partitions in which users of this one may have been. */
  boolean isOrigin(int old, int partition) {
    return old == partition
        || (isThere()
            && former.stream()
                .anyMatch(
                    count -> old < count && (partitions % count != 0 || old == partition % count)));
  }
}
