package io.spendwatch.streams.ledger;

import io.spendwatch.streams.database.EventTimes;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Tables claims, progress and sources of the {@link SimulatedPostgres}: who may write for a
 * partition, how far it is, and of which topic it is. And what their statements promise.
 */
public final class SimulatedPipelines {
  /** A row of view pipelines: the claim, and the newest row of table progress. */
  public static final class Pipeline {
    long epoch;
    long epochOfWrite = Long.MIN_VALUE;
    long writeNo;
    Long streamTimeMs;
    long alertSeq;
    long publishedAlertSeq;
    OffsetDateTime writtenAt;
    OffsetDateTime accountsSeenAt;
    Integer heldFor;
    Long nextOffset;
    Long publishedOffset;

    public long epoch() {
      return epoch;
    }

    public Long streamTimeMs() {
      return streamTimeMs;
    }

    /** Whether a row of this number is the newest from now on. */
    boolean isNewest(long ofEpoch, long number) {
      if (ofEpoch < epochOfWrite || (ofEpoch == epochOfWrite && number <= writeNo)) {
        return false;
      }
      epochOfWrite = ofEpoch;
      writeNo = number;
      return true;
    }

    /** Null while it is not noted. */
    public Long publishedOffset() {
      return publishedOffset;
    }

    public long publishedAlertSeq() {
      return publishedAlertSeq;
    }

    public long alertSeq() {
      return alertSeq;
    }
  }

  private record Source(String topicId, Long adoptedUnder) {}

  /** A row of table progress. */
  private record Write(int partition, long epoch, long number) {}

  private final Map<Integer, Pipeline> pipelines = new TreeMap<>();

  private final Set<Write> progress = new HashSet<>();

  private final Map<String, Source> sources = new TreeMap<>();

  /** By partition. */
  Map<Integer, Pipeline> all() {
    return pipelines;
  }

  Pipeline claim(int partition, boolean raisesEpoch) {
    Pipeline pipeline = pipelines.computeIfAbsent(partition, _ -> new Pipeline());
    if (raisesEpoch) {
      pipeline.epoch++;
    }
    pipeline.heldFor = null;
    return pipeline;
  }

  RowSet<Row> hold(Tuple in) {
    Pipeline pipeline = pipelines.get(in.getInteger(0));
    if (pipeline == null || pipeline.epoch != in.getLong(1)) {
      return new SimulatedRows();
    }
    pipeline.heldFor = in.getInteger(2);
    return new SimulatedRows().add(in.getInteger(0));
  }

  /** The partitions of a write that may write, each if it is the next one of its own. */
  Set<Integer> granted(Tuple in, boolean fences) {
    Integer[] partitions = in.getArrayOfIntegers(0);
    Set<Integer> granted = new LinkedHashSet<>();
    for (int i = 0; i < partitions.length; i++) {
      Pipeline pipeline = pipelines.get(partitions[i]);
      long epoch = in.getArrayOfLongs(1)[i];
      long number = in.getArrayOfLongs(2)[i];
      boolean isNext =
          number == 1 || progress.contains(new Write(partitions[i], epoch, number - 1));
      if (pipeline != null && isNext && (!fences || pipeline.epoch == epoch)) {
        granted.add(partitions[i]);
      }
    }
    return granted;
  }

  /** The part of a write that is about how far partitions are. */
  void write(Tuple in, Set<Integer> granted) {
    Integer[] partitions = in.getArrayOfIntegers(0);
    for (int i = 0; i < partitions.length; i++) {
      if (granted.contains(partitions[i])) {
        progress.add(new Write(partitions[i], in.getArrayOfLongs(1)[i], in.getArrayOfLongs(2)[i]));
        progressed(pipelines.get(partitions[i]), in, i);
      }
    }
  }

  private static void progressed(Pipeline pipeline, Tuple in, int i) {
    if (pipeline.isNewest(in.getArrayOfLongs(1)[i], in.getArrayOfLongs(2)[i])) {
      OffsetDateTime streamTime = in.getArrayOfOffsetDateTimes(3)[i];
      pipeline.streamTimeMs = streamTime == null ? null : EventTimes.toMs(streamTime);
      pipeline.alertSeq = in.getArrayOfLongs(4)[i];
      pipeline.publishedAlertSeq = in.getArrayOfLongs(5)[i];
      pipeline.nextOffset = in.getArrayOfLongs(6)[i];
      pipeline.publishedOffset = in.getArrayOfLongs(7)[i];
      pipeline.writtenAt = in.getArrayOfOffsetDateTimes(8)[i];
      pipeline.accountsSeenAt = in.getArrayOfOffsetDateTimes(9)[i];
    }
  }

  RowSet<Row> progress(Tuple in) {
    SimulatedRows rows = new SimulatedRows();
    Pipeline pipeline = pipelines.get(in.getInteger(0));
    if (pipeline != null) {
      boolean hasWritten = pipeline.epochOfWrite != Long.MIN_VALUE;
      rows.add(
          hasWritten ? pipeline.epochOfWrite : null,
          hasWritten ? pipeline.writeNo : null,
          pipeline.alertSeq,
          pipeline.publishedAlertSeq,
          pipeline.writtenAt,
          pipeline.nextOffset,
          pipeline.publishedOffset);
    }
    return rows;
  }

  RowSet<Row> streamTime(Tuple in) {
    SimulatedRows rows = new SimulatedRows();
    Pipeline pipeline = pipelines.get(in.getInteger(0));
    if (pipeline != null) {
      rows.add(
          pipeline.streamTimeMs == null ? null : EventTimes.toDatabase(pipeline.streamTimeMs),
          pipeline.accountsSeenAt);
    }
    return rows;
  }

  RowSet<Row> topicId(Tuple in) {
    SimulatedRows rows = new SimulatedRows();
    Source source = sources.get(in.getString(0) + "-" + in.getInteger(1));
    return source == null ? rows : rows.add(source.topicId);
  }

  RowSet<Row> adoptTopic(Tuple in) {
    Long epoch = in.getLong(5);
    String place = in.getString(0) + "-" + in.getInteger(1);
    Source adopted = new Source(in.getString(2), epoch);
    Pipeline pipeline = pipelines.get(in.getInteger(1));
    if (epoch != null) {
      if (adopted.equals(sources.get(place))) {
        return new SimulatedRows().add(true);
      }
      if (pipeline == null || pipeline.epoch != epoch) {
        return new SimulatedRows().add(false);
      }
      progress.add(new Write(in.getInteger(1), epoch, 0));
      boolean isFirst = pipeline.epochOfWrite == epoch && pipeline.writeNo == 0;
      if (isFirst || pipeline.isNewest(epoch, 0)) {
        pipeline.nextOffset = in.getLong(3);
        pipeline.publishedOffset = in.getLong(4);
      }
    }
    sources.put(place, adopted);
    return new SimulatedRows().add(true);
  }
}
