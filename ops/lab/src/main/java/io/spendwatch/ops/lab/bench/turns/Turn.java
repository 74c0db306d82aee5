package io.spendwatch.ops.lab.bench.turns;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.lab.bench.rivals.StreamsJob;
import io.spendwatch.ops.lab.bench.site.CommittedOffsets;
import io.spendwatch.ops.lab.bench.site.CpuClock;
import io.spendwatch.ops.lab.bench.site.Namespace;
import io.spendwatch.ops.lab.bench.site.Site;
import io.spendwatch.ops.lab.process.Children;
import io.spendwatch.ops.lab.process.GuardedProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.common.TopicPartition;

/** One contender at work, in a process and a namespace of its own. For one thread. */
public final class Turn implements AutoCloseable {
  /** Among processes whose time is taken. */
  private static final String OWN_PROCESS = "its own";

  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  /** Of a contender that starts, or takes none of what waits. */
  private static final Duration STANDSTILL_MAX = Duration.ofMinutes(2);

  private final Contender contender;
  private final GuardedProcess process;
  private final CommittedOffsets offsets;

  /** Of the job whose rows take a topic of their own. */
  private final CommittedOffsets rows;

  private final CpuClock cpuClock;

  private Turn(Contender contender, GuardedProcess process, Site site, Namespace namespace) {
    this.contender = contender;
    this.process = process;
    this.offsets =
        new CommittedOffsets(site.admin(), namespace.topics().transactions(), namespace.name());
    String rowsTopic = StreamsJob.rowsTopic(namespace.name());
    this.rows = new CommittedOffsets(site.admin(), rowsTopic, rowsTopic);
    this.cpuClock = site.cpuClock(OWN_PROCESS, process::processes);
  }

  /**
   * Begins.
   *
   * @param javaOptions of its JVM, beside those of the launcher
   */
  public static Turn start(
      Bench bench, Site site, Contender contender, Namespace namespace, String javaOptions) {
    return start(bench, site, contender, namespace, javaOptions, 0);
  }

  /**
   * Begins.
   *
   * @param httpPort where a node answers; 0 for any free one
   */
  public static Turn start(
      Bench bench,
      Site site,
      Contender contender,
      Namespace namespace,
      String javaOptions,
      int httpPort) {
    Map<String, String> environment = site.environment(namespace);
    environment.put("SPENDWATCH_NODE_ID", namespace.name());
    environment.put("SPENDWATCH_HTTP_PORT", Integer.toString(httpPort));
    environment.put("SPENDWATCH_JAVA_OPTS", javaOptions);
    // A benchmark of its own says what the audit costs.
    environment.put("SPENDWATCH_AUDIT_INTERVAL", "24h");
    GuardedProcess process =
        new Children(bench.home(), bench.root())
            .start(namespace.name(), environment, List.of(contender.command()));
    return new Turn(contender, process, site, namespace);
  }

  public Contender contender() {
    return contender;
  }

  public CommittedOffsets offsets() {
    return offsets;
  }

  /** Where its output is. */
  public Path log() {
    return process.log();
  }

  public CpuClock cpuClock() {
    return cpuClock;
  }

  /** Processor time of the contender alone, seconds; empty where it cannot be known. */
  public Optional<Double> ownCpuSeconds() {
    return Optional.ofNullable(cpuClock.seconds().get(OWN_PROCESS));
  }

  /** Processor time of all processes that take part, seconds; 0 where it cannot be known. */
  public double cpuSeconds() {
    return cpuClock.seconds().values().stream().mapToDouble(Double::doubleValue).sum();
  }

  /**
   * Waits until no more than so many records before these ends are not committed.
   *
   * @return how many are not
   * @throws OperatorException if it has ended, or nothing goes on
   */
  public long awaitBehind(Map<TopicPartition, Long> ends, long atMost) {
    return awaitBehind(offsets, ends, atMost);
  }

  /** Waits until there are rows for all that is committed, where that comes later. */
  public void awaitRows() {
    if (contender == Contender.KAFKA_STREAMS) {
      long _ = awaitBehind(rows, rows.ends(), 0);
    }
  }

  private long awaitBehind(CommittedOffsets offsets, Map<TopicPartition, Long> ends, long atMost) {
    long least = Long.MAX_VALUE;
    long movedNanos = System.nanoTime();
    while (true) {
      long behind = offsets.behind(ends);
      if (behind <= atMost) {
        return behind;
      }
      if (behind < least) {
        least = behind;
        movedNanos = System.nanoTime();
      } else if (System.nanoTime() - movedNanos > STANDSTILL_MAX.toNanos()) {
        throw new OperatorException(
            String.format(
                Locale.ROOT,
                "%s: nothing committed for %d s, %,d records before the end; its log: %s",
                contender.label(),
                STANDSTILL_MAX.toSeconds(),
                behind,
                process.log()));
      }
      if (!process.isRunning()) {
        throw new OperatorException(process.lastWords());
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  /**
   * Tells it to leave, and waits until it has: for longer than {@link #close} does.
   *
   * @throws OperatorException if it does not within that time
   */
  public void leave(Duration atMost) {
    process.leave(atMost);
  }

  @Override
  public void close() {
    process.close();
  }
}
