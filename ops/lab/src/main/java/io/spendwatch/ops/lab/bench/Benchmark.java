package io.spendwatch.ops.lab.bench;

import io.spendwatch.ops.lab.bench.site.Installation;
import io.spendwatch.ops.lab.bench.site.Site;
import io.spendwatch.ops.lab.bench.turns.Bench;
import io.spendwatch.ops.lab.bench.turns.Contender;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What can be measured by itself. */
public enum Benchmark {
  /** How fast a backlog is taken, beside the least that does the job. */
  DRAIN {
    @Override
    public List<Figure> run(Bench bench, Size size) {
      return new DrainBenchmark(bench, Contender.BARE_LOOP, size.drain()).run();
    }
  },
  /** Both, beside what one would take instead: a Kafka Streams job. */
  PEERS {
    @Override
    public List<Figure> run(Bench bench, Size size) {
      List<Figure> figures = new ArrayList<>();
      figures.addAll(new DrainBenchmark(bench, Contender.KAFKA_STREAMS, size.drain()).run());
      figures.addAll(new LatencyBenchmark(bench, Contender.KAFKA_STREAMS, size.latency()).run());
      return figures.stream().map(figure -> figure.of(this)).toList();
    }
  },
  /** How soon a node's process decides on what waits. */
  START {
    @Override
    public List<Figure> run(Bench bench, Size size) {
      return new StartBenchmark(bench, size.start()).run();
    }
  },
  /** How that changes with users and the length of their windows. */
  GROWTH {
    @Override
    public List<Figure> run(Bench bench, Size size) {
      return new GrowthBenchmark(bench, size.growth()).run();
    }
  },
  /** From the intended sending to the readable alert, beside the same. */
  LATENCY {
    @Override
    public List<Figure> run(Bench bench, Size size) {
      return new LatencyBenchmark(bench, Contender.BARE_LOOP, size.latency()).run();
    }
  },
  /** Bytes per user and per window entry, and what so many users seen leave in memory. */
  MEMORY {
    @Override
    public List<Figure> run(Bench bench, Size size) {
      try (Site site = bench.site();
          Installation on = bench.installation(site, label())) {
        return new MemoryBenchmark(on, size).run();
      }
    }
  },
  /** How long the first touch of all users takes after a restart. */
  RESTORE {
    @Override
    public List<Figure> run(Bench bench, Size size) {
      try (Site site = bench.site();
          Installation on = bench.installation(site, label())) {
        return new RestoreBenchmark(on, size).run();
      }
    }
  },
  /**
   * What an insert and the read of a window cost among one month of daily partitions, and five
   * years.
   */
  PARTITIONS {
    @Override
    public List<Figure> run(Bench bench, Size size) {
      return new PartitionsBenchmark(bench, size.days(), size.rowsPerDay(), size.mixed().rounds())
          .run();
    }
  },
  /** What a partition's start costs where many alerts were ever written. */
  TAKEOVER {
    @Override
    public List<Figure> run(Bench bench, Size size) {
      return new TakeoverBenchmark(bench, size.alerts()).run();
    }
  },
  /** What a write costs while somebody holds an old snapshot. */
  SNAPSHOT {
    @Override
    public List<Figure> run(Bench bench, Size size) {
      return new SnapshotBenchmark(bench, size.writes()).run();
    }
  },
  /** What analysis beside it costs ingestion. */
  MIXED {
    @Override
    public List<Figure> run(Bench bench, Size size) {
      return new MixedBenchmark(bench, size.mixed()).run();
    }
  },
  /**
   * A published case: complex questions beside ingestion, with roll-ups, without, from a replica.
   */
  HTAP {
    @Override
    public List<Figure> run(Bench bench, Size size) {
      return new HtapBenchmark(bench, size.htap()).run();
    }
  },
  /** How soon a node says what a transaction would do, and what that costs ingestion. */
  CHECKS {
    @Override
    public List<Figure> run(Bench bench, Size size) {
      return new ChecksBenchmark(bench, size.checks()).run();
    }
  },
  /** What an audit costs, and what it costs ingestion. */
  AUDIT {
    @Override
    public List<Figure> run(Bench bench, Size size) {
      return new AuditBenchmark(
              bench,
              size.rows(),
              size.users(),
              size.mixed().perSecond(),
              size.mixed().phase(),
              size.seed())
          .run();
    }
  };

  /**
   * How much of it.
   *
   * @param users who are active
   * @param entries of each of them in the last 24 h
   * @param usersSeen while {@code usersAwake} may be in memory
   * @param days that the larger of two tables has a partition for
   * @param rowsPerDay in each of them
   * @param alerts that were ever written
   * @param writes beside an old snapshot
   * @param rows that an audit of all looks at
   * @param seed of all that is invented
   */
  public record Size(
      int users,
      int entries,
      int usersSeen,
      int usersAwake,
      int days,
      int rowsPerDay,
      long alerts,
      int writes,
      long rows,
      MixedBenchmark.Load mixed,
      HtapBenchmark.Load htap,
      ChecksBenchmark.Load checks,
      DrainBenchmark.Load drain,
      DrainBenchmark.Load start,
      LatencyBenchmark.Load latency,
      GrowthBenchmark.Load growth,
      long seed) {}

  /** As on the command line. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Measures. Blocks.
   *
   * @throws io.spendwatch.errors.OperatorException if what was measured is not right
   */
  public abstract List<Figure> run(Bench bench, Size size);
}
