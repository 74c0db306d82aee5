package io.spendwatch.ops.events.sources;

import io.spendwatch.ops.events.log.EventLog;
import io.spendwatch.ops.events.log.EventType;
import io.spendwatch.ops.status.AuditStatus;
import io.spendwatch.ops.status.ClusterStatus;
import io.spendwatch.ops.status.NodeStatus.Partition;
import io.spendwatch.ops.status.NodeStatus.State;
import io.spendwatch.protocol.EventTime;
import java.util.Comparator;
import java.util.Objects;
import java.util.function.Function;

/**
 * Makes figures and events of how the cluster is from one look to the next. The first look is what
 * the later ones are held against. Thread-safe.
 */
public final class ClusterWatch {
  private final EventLog log;
  private final AlertTimes alertTimes;
  private final Function<Object, String> json;
  private final Counters counters = new Counters();
  private ClusterStatus before;
  private long beforeMs;
  private long auditedUntilRun;

  /**
   * @param json writes the data of an event
   */
  public ClusterWatch(EventLog log, AlertTimes alertTimes, Function<Object, String> json) {
    this.log = log;
    this.alertTimes = alertTimes;
    this.json = json;
  }

  /** How it is now; how many events that has made. */
  public synchronized int look(ClusterStatus now, long nowMs) {
    int events = 1;
    Counters.Done done = counters.since(now.partitions());
    log.event(EventType.STATS, json.apply(stats(now, nowMs, done)));
    if (before == null) {
      auditedUntilRun = finishedRun(now.audit());
    } else {
      var change = ClusterChange.between(before, now);
      if (change.isPresent()) {
        log.event(EventType.CLUSTER, json.apply(change.get()));
        events++;
      }
      if (finishedRun(now.audit()) > auditedUntilRun) {
        auditedUntilRun = now.audit().runId();
        log.event(EventType.AUDIT, json.apply(AuditEnded.of(now.audit())));
        events++;
      }
    }
    before = now;
    beforeMs = nowMs;
    return events;
  }

  /** 0 for none; runs are numbered from 1. */
  private static long finishedRun(AuditStatus audit) {
    return audit == null || audit.finishedAt() == null ? 0 : audit.runId();
  }

  private Stats stats(ClusterStatus now, long nowMs, Counters.Done done) {
    return new Stats(
        EventTime.format(nowMs),
        now.node(),
        now.nodes().size(),
        (int) now.nodes().stream().filter(node -> node.state() == State.READY).count(),
        rate(done == null ? null : done.transactions(), nowMs),
        rate(done == null ? null : done.alerts(), nowMs),
        rate(done == null ? null : done.duplicates(), nowMs),
        rate(done == null ? null : done.deadLetters(), nowMs),
        worstLag(now),
        alertTimes.summary(nowMs),
        now.totals().usersAwake(),
        audit(now.audit()));
  }

  /** Per second, with one decimal. */
  private Double rate(Long count, long nowMs) {
    return count == null || nowMs <= beforeMs
        ? null
        : Math.round(10_000.0 * count / (nowMs - beforeMs)) / 10.0;
  }

  private static Stats.Lag worstLag(ClusterStatus now) {
    return now.partitions().stream()
        .filter(partition -> partition.lagRecords() != null)
        .max(
            Comparator.comparingLong(Partition::lagRecords)
                .thenComparingLong(partition -> Objects.requireNonNullElse(partition.lagMs(), 0L)))
        .map(
            partition ->
                new Stats.Lag(
                    partition.topic(),
                    partition.partition(),
                    partition.node(),
                    partition.lagRecords(),
                    partition.lagMs() == null ? null : partition.lagMs() / 1000.0))
        .orElse(null);
  }

  private static Stats.Audit audit(AuditStatus audit) {
    if (audit == null) {
      return null;
    }
    boolean runs = audit.finishedAt() == null;
    return new Stats.Audit(
        runs ? "RUNNING" : audit.outcome(),
        runs ? null : EventTime.format(audit.finishedAt().toEpochMilli()),
        audit.openFindings());
  }
}
