package io.spendwatch.ops.status;

import io.spendwatch.ops.status.ClusterStatus.Node;
import io.spendwatch.ops.status.NodeStatus.LostRange;
import io.spendwatch.ops.status.NodeStatus.Partition;
import io.spendwatch.ops.status.NodeStatus.Shard;
import io.spendwatch.ops.status.NodeStatus.Totals;
import io.spendwatch.protocol.ForeignText;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.StringJoiner;
import java.util.stream.Collectors;

/**
 * A {@link ClusterStatus} for people. What is not as it should be is marked with an exclamation
 * mark.
 */
public final class StatusText {
  private static final String NODE = "%-2s%-20s %-22s %-12s %-9s %12s %18s  %s";
  private static final String PARTITION =
      "%-2s%-16s %4s  %-20s %-9s %6s %12s %12s %12s %14s %8s %12s  %s";

  private StatusText() {}

  /** Several lines, without a line feed at the end. */
  public static String of(ClusterStatus status) {
    var lines = new StringJoiner(System.lineSeparator());
    lines.add(
        String.format(
                Locale.ROOT,
                NODE,
                "",
                "node",
                "http",
                "member",
                "state",
                "users awake",
                "deliveries l/r",
                "waiting for")
            .stripTrailing());
    status.nodes().forEach(node -> lines.add(ForeignText.shown(row(node))));
    lines.add("");
    lines.add(
        String.format(
                Locale.ROOT,
                PARTITION,
                "",
                "topic",
                "part",
                "node",
                "state",
                "epoch",
                "lag records",
                "lag time",
                "users awake",
                "transactions",
                "alerts",
                "dead letters",
                "waiting for")
            .stripTrailing());
    status.partitions().forEach(partition -> lines.add(ForeignText.shown(row(partition))));
    lines.add(total(status.totals()));
    findings(status).forEach(finding -> lines.add(ForeignText.shown(finding)));
    if (status.audit() != null) {
      lines.add(ForeignText.shown(audit(status.audit())));
    }
    return lines.toString();
  }

  private static String row(Node node) {
    return String.format(
            Locale.ROOT,
            NODE,
            node.isWell() ? "" : "!",
            Objects.requireNonNullElse(node.id(), node.address().replaceFirst(".*@", "")),
            Objects.requireNonNullElse(node.http(), "?"),
            node.reachable() ? node.member() : "UNREACHABLE",
            node.state() == null ? "?" : node.state().name().toLowerCase(Locale.ROOT),
            node.usersAwake(),
            node.deliveries().local() + "/" + node.deliveries().remote(),
            String.join("; ", node.waitingFor()))
        .stripTrailing();
  }

  private static String row(Partition partition) {
    boolean owned = partition.isOwned();
    return String.format(
            Locale.ROOT,
            PARTITION,
            owned ? "" : "!",
            partition.topic(),
            partition.partition(),
            owned ? partition.node() : "NOBODY",
            owned ? partition.state().toLowerCase(Locale.ROOT) : "-",
            owned ? partition.epoch() : "-",
            orUnknown(partition.lagRecords()),
            time(partition.lagMs()),
            partition.usersAwake(),
            partition.transactions(),
            partition.alerts(),
            partition.deadLetters(),
            Objects.requireNonNullElse(partition.waitingFor(), ""))
        .stripTrailing();
  }

  private static String total(Totals totals) {
    return String.format(
            Locale.ROOT,
            PARTITION,
            "",
            "total",
            "",
            "",
            "",
            "",
            orUnknown(totals.lagRecords()),
            time(totals.lagMs()),
            totals.usersAwake(),
            totals.transactions(),
            totals.alerts(),
            totals.deadLetters(),
            "")
        .stripTrailing();
  }

  private static List<String> findings(ClusterStatus status) {
    var findings = new ArrayList<String>();
    long unowned = status.partitions().stream().filter(partition -> !partition.isOwned()).count();
    if (unowned > 0) {
      findings.add(String.format(Locale.ROOT, "! %d partitions are consumed by nobody", unowned));
    }
    long unreachable = status.nodes().stream().filter(node -> !node.reachable()).count();
    if (unreachable > 0) {
      findings.add(String.format(Locale.ROOT, "! %d members are out of reach", unreachable));
    }
    String away = shardsAway(status);
    if (!away.isEmpty()) {
      findings.add("shards that are not where their partition is consumed: " + away);
    }
    status.nodes().stream()
        .flatMap(node -> node.unreadableRows().stream())
        .distinct()
        .forEach(row -> findings.add("! cannot be read: " + row));
    for (Node node : status.nodes()) {
      node.deadLetterFloods().forEach(flood -> findings.add("! " + flood + " on " + node.id()));
    }
    for (LostRange lost : status.lostRecords()) {
      findings.add(
          String.format(
              Locale.ROOT,
              "! lost records: %s-%d offsets [%d, %s), %s, noticed %s",
              lost.topic(),
              lost.partition(),
              lost.from(),
              lost.to() == null ? "unknown" : lost.to().toString(),
              lost.reason(),
              lost.noticedAt().truncatedTo(ChronoUnit.SECONDS)));
    }
    if (status.totals().internalErrors() > 0) {
      findings.add(
          String.format(
              Locale.ROOT,
              "%d of the dead letters are records on which our own code failed: see INTERNAL_ERROR in the log",
              status.totals().internalErrors()));
    }
    return findings;
  }

  private static String audit(AuditStatus audit) {
    String outcome =
        audit.outcome() == null
            ? "runs"
            : switch (audit.outcome()) {
              case "CLEAN" -> "clean";
              case "FINDINGS" -> audit.findings() + " findings";
              default -> "could not run: " + audit.failure();
            };
    boolean isWell = audit.openFindings() == 0 && !"FAILED".equals(audit.outcome());
    return String.format(
        Locale.ROOT,
        "%saudit: run %d at %s, %s%s",
        isWell ? "" : "! ",
        audit.runId(),
        audit.startedAt().truncatedTo(ChronoUnit.SECONDS),
        outcome,
        audit.openFindings() == 0
            ? ""
            : String.format(Locale.ROOT, "; %d open in all", audit.openFindings()));
  }

  private static String shardsAway(ClusterStatus status) {
    Map<String, String> owners =
        status.partitions().stream()
            .filter(Partition::isOwned)
            .collect(Collectors.toMap(p -> p.topic() + "-" + p.partition(), Partition::node));
    return status.shards().stream()
        .filter(shard -> !shard.node().equals(owners.get(name(shard))))
        .map(shard -> name(shard) + " at " + shard.node())
        .collect(Collectors.joining(", "));
  }

  private static String name(Shard shard) {
    return shard.topic() + "-" + shard.partition();
  }

  private static String orUnknown(Long value) {
    return value == null ? "?" : value.toString();
  }

  /** Two units at most: more says nothing. */
  private static String time(Long ms) {
    if (ms == null) {
      return "?";
    }
    Duration lag = Duration.ofMillis(ms);
    if (lag.toDays() > 0) {
      return String.format(Locale.ROOT, "%d d %d h", lag.toDays(), lag.toHoursPart());
    }
    if (lag.toHours() > 0) {
      return String.format(Locale.ROOT, "%d h %d min", lag.toHours(), lag.toMinutesPart());
    }
    if (lag.toMinutes() > 0) {
      return String.format(Locale.ROOT, "%d min %d s", lag.toMinutes(), lag.toSecondsPart());
    }
    return String.format(Locale.ROOT, "%.1f s", ms / 1000.0);
  }
}
