package io.spendwatch.ops.status;

import io.spendwatch.ops.status.ClusterStatus.Node;
import io.spendwatch.ops.status.NodeStatus.LostRange;
import io.spendwatch.ops.status.NodeStatus.Partition;
import io.spendwatch.ops.status.NodeStatus.Shard;
import io.spendwatch.ops.status.NodeStatus.Totals;
import io.spendwatch.ops.terminal.Wrapped;
import io.spendwatch.protocol.ForeignText;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A {@link ClusterStatus} for people, at most {@value #WIDTH} columns wide. The first line says
 * that all is well, or what is not; what is not is marked with an exclamation mark below.
 *
 * <p>Lag in time is how far the last assessed event time is behind the clock. A partition that has
 * something to read and is further behind than a week, which is longer than topics keep outages, is
 * replaying history: there the day that it has come to says more than a distance.
 */
public final class StatusText {
  private static final int WIDTH = 100;
  private static final int NAME_MAX = 20;
  private static final int HTTP_MAX = 23;
  private static final int TOPIC_MAX = 16;
  private static final long HISTORY_MS = Duration.ofDays(7).toMillis();
  private static final String INDENT = "    ";
  private static final String STEP_INDENT = "  ";

  private static final String NODE = "%-2s%-20s  %-23s  %-11s  %-8s  %11s  %14s";
  private static final String PARTITION = "%-2s%-16s %4s  %-20s %-8s %5s %13s %5s %5s %6s %4s";

  private StatusText() {}

  /** Several lines, without a line feed at the end. */
  public static String of(ClusterStatus status) {
    List<String> lines = new ArrayList<>();
    lines.addAll(Wrapped.lines(ForeignText.shown(summary(status)), "", WIDTH));
    lines.add("");
    add(lines, NODE, "", "node", "http", "member", "state", "users awake", "deliveries l/r");
    status.nodes().forEach(node -> add(lines, node));
    lines.add("");
    add(
        lines,
        PARTITION,
        "",
        "topic",
        "part",
        "node",
        "state",
        "lag",
        "lag time",
        "awake",
        "rows",
        "alerts",
        "dead");
    status.partitions().forEach(partition -> add(lines, partition));
    add(lines, status.totals(), status.partitions());
    findings(status)
        .forEach(finding -> lines.addAll(Wrapped.lines(ForeignText.shown(finding), "", WIDTH)));
    if (status.replica() != null) {
      lines.addAll(Wrapped.lines(ForeignText.shown(replica(status.replica())), "", WIDTH));
    }
    if (status.audit() != null) {
      lines.addAll(Wrapped.lines(ForeignText.shown(audit(status.audit())), "", WIDTH));
    }
    if (status.archive() != null) {
      lines.addAll(Wrapped.lines(ForeignText.shown(archive(status.archive())), "", WIDTH));
    }
    if (status.rounds() != null) {
      lines.addAll(Wrapped.lines(ForeignText.shown(rounds(status.rounds())), "", WIDTH));
      for (RoundsStatus.Step step : status.rounds().steps()) {
        lines.addAll(Wrapped.lines(ForeignText.shown(step(step)), STEP_INDENT, WIDTH));
      }
    }
    return String.join(System.lineSeparator(), lines);
  }

  @SuppressWarnings(
      "AnnotateFormatMethod") // a node does without the library that has the annotation
  private static void add(List<String> lines, String format, Object... values) {
    lines.add(ForeignText.shown(String.format(Locale.ROOT, format, values)).stripTrailing());
  }

  private static String summary(ClusterStatus status) {
    List<String> wrong = wrong(status);
    String lag =
        status.totals().lagRecords() == null
            ? "lag unknown"
            : String.format(Locale.ROOT, "%,d records to go", status.totals().lagRecords());
    String replaying =
        earliestReplayed(status.partitions()).map(day -> ", replaying history " + day).orElse("");
    return wrong.isEmpty()
        ? "Well: "
            + counted(status.nodes().size(), "node", "nodes")
            + ", "
            + counted(status.partitions().size(), "partition", "partitions")
            + ", "
            + lag
            + replaying
        : "Not well: " + String.join("; ", wrong);
  }

  /** For the first line: each kind of thing once. */
  private static List<String> wrong(ClusterStatus status) {
    List<String> wrong = new ArrayList<>();
    long unreachable = status.nodes().stream().filter(node -> !node.reachable()).count();
    if (unreachable > 0) {
      wrong.add(counted(unreachable, "node is out of reach", "nodes are out of reach"));
    }
    status.nodes().stream()
        .filter(node -> node.reachable() && !node.isWell())
        .findFirst()
        .ifPresent(
            node ->
                wrong.add(
                    name(node)
                        + (node.state() == NodeStatus.State.DRAINING
                            ? " is on its way out"
                            : " waits for " + String.join(", ", node.waitingFor()))));
    if (status.partitions().isEmpty()) {
      wrong.add("no partitions are known yet");
    }
    long unowned = status.partitions().stream().filter(partition -> !partition.isOwned()).count();
    if (unowned > 0) {
      wrong.add(
          counted(unowned, "partition is consumed by nobody", "partitions are consumed by nobody"));
    }
    if (status.nodes().stream().anyMatch(node -> !node.unreadableRows().isEmpty())) {
      wrong.add("rows that cannot be read");
    }
    if (!status.lostRecords().isEmpty()) {
      wrong.add("lost records");
    }
    if (status.audit() != null && !isWell(status.audit())) {
      wrong.add(
          status.audit().openFindings() > 0
              ? counted(status.audit().openFindings(), "audit finding", "audit findings")
              : "the audit could not run");
    }
    if (status.rounds() != null) {
      status.rounds().steps().stream()
          .filter(step -> step.state() == RoundsStatus.State.FAILED)
          .forEach(step -> wrong.add("the archive's " + word(step) + " has failed"));
    }
    return wrong;
  }

  private static String counted(long count, String one, String many) {
    return String.format(Locale.ROOT, "%,d %s", count, count == 1 ? one : many);
  }

  private static String name(Node node) {
    return Objects.requireNonNullElse(node.id(), node.address().replaceFirst(".*@", ""));
  }

  private static void add(List<String> lines, Node node) {
    add(
        lines,
        NODE,
        node.isWell() ? "" : "!",
        Wrapped.cut(name(node), NAME_MAX),
        Wrapped.cut(Objects.requireNonNullElse(node.http(), "?"), HTTP_MAX),
        node.reachable() ? node.member() : "UNREACHABLE",
        node.state() == null ? "?" : node.state().name().toLowerCase(Locale.ROOT),
        node.usersAwake(),
        node.deliveries().local() + "/" + node.deliveries().remote());
    addWaiting(lines, String.join("; ", node.waitingFor()));
  }

  private static void addWaiting(List<String> lines, String what) {
    if (!what.isEmpty()) {
      lines.addAll(Wrapped.lines(ForeignText.shown("waits for " + what), INDENT, WIDTH));
    }
  }

  private static void add(List<String> lines, Partition partition) {
    boolean owned = partition.isOwned();
    add(
        lines,
        PARTITION,
        owned ? "" : "!",
        Wrapped.cut(partition.topic(), TOPIC_MAX),
        partition.partition(),
        owned ? Wrapped.cut(partition.node(), NAME_MAX) : "NOBODY",
        owned ? partition.state().toLowerCase(Locale.ROOT) : "-",
        partition.lagRecords() == null ? "?" : count(partition.lagRecords()),
        replayed(partition).orElseGet(() -> time(partition.lagMs())),
        count(partition.usersAwake()),
        count(partition.transactions()),
        count(partition.alerts()),
        count(partition.deadLetters()));
    addWaiting(lines, Objects.requireNonNullElse(partition.waitingFor(), ""));
  }

  private static void add(List<String> lines, Totals totals, List<Partition> partitions) {
    add(
        lines,
        PARTITION,
        "",
        "total",
        "",
        "",
        "",
        totals.lagRecords() == null ? "?" : count(totals.lagRecords()),
        earliestReplayed(partitions).orElseGet(() -> time(totals.lagMs())),
        count(totals.usersAwake()),
        count(totals.transactions()),
        count(totals.alerts()),
        count(totals.deadLetters()));
  }

  /** The day that a replay of history has come to; empty for a partition that does none. */
  private static Optional<String> replayed(Partition partition) {
    return partition.lagMs() != null
            && partition.lagMs() > HISTORY_MS
            && partition.lastEventTime() != null
        ? Optional.of("at " + day(partition.lastEventTime()))
        : Optional.empty();
  }

  private static Optional<String> earliestReplayed(List<Partition> partitions) {
    return partitions.stream()
        .filter(partition -> replayed(partition).isPresent())
        .map(Partition::lastEventTime)
        .min(Comparator.naturalOrder())
        .map(at -> "at " + day(at));
  }

  private static String day(Instant at) {
    return at.atOffset(ZoneOffset.UTC).toLocalDate().toString();
  }

  private static List<String> findings(ClusterStatus status) {
    var findings = new ArrayList<String>();
    long unowned = status.partitions().stream().filter(partition -> !partition.isOwned()).count();
    if (unowned > 0) {
      findings.add(
          "! "
              + counted(
                  unowned, "partition is consumed by nobody", "partitions are consumed by nobody"));
    }
    long unreachable = status.nodes().stream().filter(node -> !node.reachable()).count();
    if (unreachable > 0) {
      findings.add(
          "! " + counted(unreachable, "member is out of reach", "members are out of reach"));
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
              "%,d of the dead letters are records on which our own code failed: see INTERNAL_ERROR in the log",
              status.totals().internalErrors()));
    }
    return findings;
  }

  /** How the replica stands, in one line; what is foreign in it is not shown escaped yet. */
  public static String replica(ReplicaStatus replica) {
    String behind =
        replica.lagMs() == null
            ? ""
            : String.format(
                Locale.ROOT, "%s and %,d bytes behind", time(replica.lagMs()), replica.lagBytes());
    return replica.trouble() == null
        ? "replica: " + behind
        : "! replica: not asked, "
            + replica.trouble()
            + (behind.isEmpty() ? "" : " (" + behind + ")");
  }

  private static String archive(ArchiveStatus archive) {
    return String.format(
        Locale.ROOT,
        "archive: %s at %s",
        archive.lastDay() == null
            ? "no day yet"
            : String.format(
                Locale.ROOT,
                "%s, the latest %s",
                counted(archive.days(), "day", "days"),
                archive.lastDay()),
        archive.uri());
  }

  private static String rounds(RoundsStatus rounds) {
    return String.format(
        Locale.ROOT,
        "rounds of the archive: %s%s",
        rounds.completedAt() == null
            ? "none was complete yet"
            : "the last complete one ended " + rounds.completedAt().truncatedTo(ChronoUnit.SECONDS),
        rounds.holder() == null
            ? rounds.dueAt() == null
                ? ""
                : ", the next is due " + rounds.dueAt().truncatedTo(ChronoUnit.SECONDS)
            : ", one is under way on " + rounds.holder());
  }

  private static String step(RoundsStatus.Step step) {
    String ran =
        step.begunAt() == null
            ? ""
            : " at "
                + step.begunAt().truncatedTo(ChronoUnit.SECONDS)
                + (step.tookMs() == null || step.state() == RoundsStatus.State.RUNNING
                    ? ""
                    : ", " + time(step.tookMs()));
    return String.format(
        Locale.ROOT,
        "%s%s %s%s%s%s",
        step.state() == RoundsStatus.State.FAILED ? "! " : "",
        word(step),
        step.state().name().toLowerCase(Locale.ROOT),
        step.reason() == null ? "" : ": " + step.reason(),
        ran.isEmpty() ? "" : " (last run" + ran + ")",
        step.retryAt() == null
            ? ""
            : "; again at " + step.retryAt().truncatedTo(ChronoUnit.SECONDS));
  }

  private static String word(RoundsStatus.Step step) {
    return step.step().toLowerCase(Locale.ROOT);
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
    return String.format(
        Locale.ROOT,
        "%saudit: run %d at %s, %s%s",
        isWell(audit) ? "" : "! ",
        audit.runId(),
        audit.startedAt().truncatedTo(ChronoUnit.SECONDS),
        outcome,
        audit.openFindings() == 0
            ? ""
            : String.format(Locale.ROOT, "; %d open in all", audit.openFindings()));
  }

  private static boolean isWell(AuditStatus audit) {
    return audit.openFindings() == 0 && !"FAILED".equals(audit.outcome());
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

  /** In five characters at most, below 10¹⁵: exactly as long as it fits. */
  private static String count(long value) {
    if (value < 100_000) {
      return Long.toString(value);
    }
    long scaled = value;
    String units = "kMGTP";
    int unit = -1;
    while (scaled >= 10_000) {
      scaled /= 1000;
      unit++;
    }
    return scaled + units.substring(unit, unit + 1);
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
