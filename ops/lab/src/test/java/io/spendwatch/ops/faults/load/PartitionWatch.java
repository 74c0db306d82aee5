package io.spendwatch.ops.faults.load;

import io.spendwatch.streams.pipeline.PipelinesBed;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Looks at PostgreSQL many times a second to see when new rows of each partition of the
 * transactions topic become visible, and who owns it. A partition that gets no rows while records
 * for it arrive stands still. Thread-safe.
 */
public final class PartitionWatch implements AutoCloseable {
  private static final long INTERVAL_MS = 50;

  /** {@code written_at} changes with each write of rows, and only then. */
  private static final String LOOK =
      "SELECT kafka_partition, owner, coalesce(written_at, claimed_at)::text"
          + " FROM spendwatch.pipelines";

  /** One partition, as far as it has been seen. */
  private static final class Seen {
    private String owner;
    private String written;
    private long writtenNanos;
    private long longestNanos;
  }

  /**
   * How long each partition has stood still at most, and how far that can be trusted.
   *
   * @param seconds by partition
   * @param blindSeconds the longest between two looks
   */
  public record Standstills(List<Double> seconds, double blindSeconds) {
    public double longestSeconds() {
      return seconds.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
    }

    @Override
    public String toString() {
      return seconds.stream()
          .map(each -> String.format(Locale.ROOT, "%.1f", each))
          .collect(Collectors.joining(" ", "[", "]"));
    }
  }

  private final ScheduledExecutorService executor =
      Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().name("watch").factory());
  private final Connection connection;

  // Of this object's monitor.
  private final TreeMap<Integer, Seen> partitions = new TreeMap<>();
  private long lookedNanos = System.nanoTime();
  private long blindNanos;
  private SQLException failure;

  private PartitionWatch(PipelinesBed bed) throws SQLException {
    connection = bed.connect();
  }

  /** Begins to look. PostgreSQL is expected to stay. */
  public static PartitionWatch start(PipelinesBed bed) throws SQLException {
    PartitionWatch watch = new PartitionWatch(bed);
    var _ =
        watch.executor.scheduleWithFixedDelay(watch::look, 0, INTERVAL_MS, TimeUnit.MILLISECONDS);
    return watch;
  }

  /** Begins a new period. A standstill that lasts now counts from its own beginning. */
  public synchronized void mark() {
    partitions.values().forEach(seen -> seen.longestNanos = 0);
    blindNanos = 0;
  }

  /** Since the last mark, with what lasts yet; only while there is a load. */
  public synchronized Standstills standstills() {
    if (failure != null) {
      throw new IllegalStateException(failure);
    }
    long nowNanos = System.nanoTime();
    return new Standstills(
        partitions.values().stream()
            .map(seen -> Math.max(seen.longestNanos, nowNanos - seen.writtenNanos) / 1e9)
            .toList(),
        Math.max(blindNanos, nowNanos - lookedNanos) / 1e9);
  }

  /** Whether new rows of every partition have become visible after this moment. */
  public synchronized boolean allWrittenSince(long nanos) {
    return partitions.values().stream().allMatch(seen -> seen.writtenNanos - nanos > 0);
  }

  /** Of all partitions, in their order. */
  public synchronized Collection<String> owners() {
    return partitions.values().stream().map(seen -> seen.owner).toList();
  }

  private synchronized void look() {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(LOOK)) {
      long nowNanos = System.nanoTime();
      blindNanos = Math.max(blindNanos, nowNanos - lookedNanos);
      lookedNanos = nowNanos;
      while (rows.next()) {
        Seen seen = partitions.computeIfAbsent(rows.getInt(1), _ -> new Seen());
        seen.owner = rows.getString(2);
        String written = rows.getString(3);
        if (!written.equals(seen.written)) {
          if (seen.written != null) {
            seen.longestNanos = Math.max(seen.longestNanos, nowNanos - seen.writtenNanos);
          }
          seen.written = written;
          seen.writtenNanos = nowNanos;
        }
      }
    } catch (SQLException e) {
      failure = e;
    }
  }

  @Override
  public void close() {
    executor.shutdownNow();
    try {
      connection.close();
    } catch (SQLException e) {
      // PostgreSQL has gone first.
    }
  }
}
