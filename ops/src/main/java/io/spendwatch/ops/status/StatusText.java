package io.spendwatch.ops.status;

import io.spendwatch.ops.status.NodeStatus.Member;
import io.spendwatch.ops.status.NodeStatus.Partition;
import io.spendwatch.ops.status.NodeStatus.Totals;
import java.time.Duration;
import java.util.Comparator;
import java.util.Locale;
import java.util.Objects;
import java.util.StringJoiner;

/** A {@link NodeStatus} for people. */
public final class StatusText {
  private static final String ROW = "%-16s %4s  %-9s %12s %12s %14s %10s %12s  %s";

  private StatusText() {}

  /** Several lines, without a line feed at the end. */
  public static String of(NodeStatus status) {
    var lines = new StringJoiner(System.lineSeparator());
    lines.add(
        "node %s at %s: %s"
            .formatted(
                status.node().id(),
                status.node().address(),
                status.node().state().name().toLowerCase(Locale.ROOT)));
    status.node().waitingFor().forEach(what -> lines.add("  waiting for " + what));
    if (!status.node().balancesPushed()) {
      lines.add("  balance changes are not pushed; each check reads the balance");
    }
    for (Member member : status.members()) {
      lines.add("member %s: %s".formatted(member.address(), member.status()));
    }
    lines.add(
        ROW.formatted(
            "topic",
            "part",
            "state",
            "lag records",
            "lag time",
            "transactions",
            "alerts",
            "dead letters",
            "waiting for"));
    status.partitions().stream()
        .sorted(Comparator.comparing(Partition::topic).thenComparingInt(Partition::partition))
        .forEach(partition -> lines.add(row(partition)));
    Totals totals = status.totals();
    lines.add(
        ROW.formatted(
                "total",
                "",
                "",
                orUnknown(totals.lagRecords()),
                time(totals.lagMs()),
                totals.transactions(),
                totals.alerts(),
                totals.deadLetters(),
                "")
            .stripTrailing());
    if (totals.internalErrors() > 0) {
      lines.add(
          "%d of the dead letters are records on which our own code failed: see INTERNAL_ERROR in the log"
              .formatted(totals.internalErrors()));
    }
    return lines.toString();
  }

  private static String row(Partition partition) {
    return ROW.formatted(
            partition.topic(),
            partition.partition(),
            partition.state().toLowerCase(Locale.ROOT),
            orUnknown(partition.lagRecords()),
            time(partition.lagMs()),
            partition.transactions(),
            partition.alerts(),
            partition.deadLetters(),
            Objects.requireNonNullElse(partition.waitingFor(), ""))
        .stripTrailing();
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
      return "%d d %d h".formatted(lag.toDays(), lag.toHoursPart());
    }
    if (lag.toHours() > 0) {
      return "%d h %d min".formatted(lag.toHours(), lag.toMinutesPart());
    }
    if (lag.toMinutes() > 0) {
      return "%d min %d s".formatted(lag.toMinutes(), lag.toSecondsPart());
    }
    return "%.1f s".formatted(ms / 1000.0);
  }
}
