package io.spendwatch.ops.audit;

import io.spendwatch.actors.exposure.UserWindow;
import io.spendwatch.actors.partition.PartitionQuery.GetWindows;
import io.spendwatch.actors.partition.PartitionWindows;
import io.spendwatch.ops.audit.windows.AwakeWindows;
import io.spendwatch.ops.storage.session.Session;
import io.spendwatch.streams.database.Database;
import io.vertx.sqlclient.Row;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.IntFunction;

/**
 * Whether the windows in memory are what is stored. A partition answers with the state in which all
 * that it has assessed was durable, so what the tables say of that offset must be the same. Who has
 * drifted is told to read anew. For one thread, which it blocks.
 */
final class WindowDrift {
  private static final int WINDOWS_AT_ONCE = 5000;

  private final Database database;
  private final AwakeWindows windows;
  private final AuditConfig config;
  private final List<Shown> shown = new ArrayList<>();
  private String notAsked;

  /** A window, and as of when it is: at home, the last of the user's partitions. */
  private record Shown(int partition, long lastOffset, UserWindow window) {
    String userId() {
      return window.userId();
    }

    /** Without an account a user's rows are all of one currency, whichever it is. */
    String currency() {
      return window.balance() == null ? null : window.balance().currency();
    }

    Long balanceVersion() {
      return window.balance() == null ? null : window.balance().version();
    }

    OffsetDateTime at() {
      return Instant.ofEpochMilli(window.atMs()).atOffset(ZoneOffset.UTC);
    }
  }

  /**
   * What came of it.
   *
   * @param userIds who was compared
   * @param notAsked why the windows of some could not be; null where they were
   */
  record Outcome(List<Finding> findings, List<String> userIds, String notAsked) {
    /** Null where nobody could be asked. */
    Long usersAwake() {
      return notAsked != null && userIds.isEmpty() ? null : (long) userIds.size();
    }
  }

  WindowDrift(Database database, AwakeWindows windows, AuditConfig config) {
    this.database = database;
    this.windows = windows;
    this.config = config;
  }

  /** Of all users who are awake. */
  Outcome compareAll(Collection<Integer> partitions) {
    long layout = layout();
    for (int partition : partitions) {
      String after = null;
      boolean more = true;
      while (more && notAsked == null) {
        PartitionWindows page = ask(windows.page(partition, after, GetWindows.LIMIT_MAX));
        more = page != null && page.more() && !page.users().isEmpty();
        after = more ? page.users().getLast().userId() : null;
      }
    }
    return compare(layout);
  }

  /** Of those of these users who are awake, by partition. */
  Outcome compare(Map<Integer, List<String>> userIds) {
    long layout = layout();
    userIds.forEach(
        (partition, ids) -> {
          for (int from = 0; from < ids.size() && notAsked == null; from += GetWindows.LIMIT_MAX) {
            List<String> some =
                ids.subList(from, Math.min(ids.size(), from + GetWindows.LIMIT_MAX));
            var _ = ask(windows.of(partition, List.copyOf(some)));
          }
        });
    return compare(layout);
  }

  /** Null where there is no answer. */
  private PartitionWindows ask(CompletionStage<PartitionWindows> answer) {
    try {
      PartitionWindows page = answer.toCompletableFuture().join();
      page.users().forEach(user -> shown.add(new Shown(page.partition(), page.lastOffset(), user)));
      return page;
    } catch (CompletionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      notAsked = Objects.requireNonNullElse(cause.getMessage(), cause.toString());
      return null;
    }
  }

  /**
   * A growth puts homes elsewhere, where more may have come than the windows know: then nothing can
   * be said of them, until they are asked again.
   *
   * @param layout when the windows were asked for
   */
  private Outcome compare(long layout) {
    List<Finding> findings = new ArrayList<>();
    if (!shown.isEmpty()) {
      Set<String> suspected = Session.transaction(database, this::suspected);
      List<Shown> closer =
          shown.stream().filter(each -> suspected.contains(each.userId())).toList();
      Map<Integer, List<String>> drifted = new HashMap<>();
      for (int from = 0; from < closer.size(); from += GetWindows.LIMIT_MAX) {
        List<Shown> some =
            closer.subList(from, Math.min(closer.size(), from + GetWindows.LIMIT_MAX));
        Map<String, Integer> partitions = new HashMap<>();
        some.forEach(each -> partitions.put(each.userId(), each.partition()));
        for (Row row : lookCloser(some)) {
          int partition = partitions.get(row.getString("user_id"));
          findings.add(finding(partition, row));
          drifted.computeIfAbsent(partition, _ -> new ArrayList<>()).add(row.getString("user_id"));
        }
      }
      if (layout() != layout) {
        return new Outcome(List.of(), List.of(), "the topic has grown meanwhile");
      }
      drifted.forEach(
          (partition, userIds) -> {
            var _ = windows.reread(partition, userIds).toCompletableFuture().join();
          });
    }
    return new Outcome(findings, shown.stream().map(Shown::userId).toList(), notAsked);
  }

  private long layout() {
    return new Session(database)
        .one("SELECT coalesce(max(version), 0) FROM spendwatch.topic_layout")
        .getLong(0);
  }

  private Set<String> suspected(Session session) {
    AuditScript.run(session, "shown", Map.of());
    for (int from = 0; from < shown.size(); from += WINDOWS_AT_ONCE) {
      List<Shown> some = shown.subList(from, Math.min(shown.size(), from + WINDOWS_AT_ONCE));
      session.query(
          AuditScript.text("insert_shown", Map.of()),
          array(some, Shown::partition, Integer[]::new),
          array(some, Shown::userId, String[]::new),
          array(some, Shown::currency, String[]::new),
          array(some, Shown::at, OffsetDateTime[]::new),
          array(some, each -> each.window().exposureMinor(), Long[]::new),
          array(some, each -> each.window().transactions(), Integer[]::new),
          array(some, Shown::lastOffset, Long[]::new),
          array(some, Shown::balanceVersion, Long[]::new),
          array(some, each -> each.window().openEpisodeId(), String[]::new));
    }
    session.query("ANALYZE shown");
    Set<String> suspected = new HashSet<>();
    String earliest = "'" + earliest(shown).toInstant() + "'::timestamptz";
    for (Row row :
        session.query(AuditScript.text("suspected_drift", Map.of("earliest", earliest)))) {
      suspected.add(row.getString("user_id"));
    }
    return suspected;
  }

  private Iterable<Row> lookCloser(List<Shown> some) {
    return new Session(database)
        .query(
            AuditScript.text("drift", Map.of()),
            array(some, Shown::userId, String[]::new),
            array(some, Shown::currency, String[]::new),
            array(some, Shown::at, OffsetDateTime[]::new),
            array(some, each -> each.window().exposureMinor(), Long[]::new),
            array(some, each -> each.window().transactions(), Integer[]::new),
            array(some, Shown::lastOffset, Long[]::new),
            array(some, Shown::balanceVersion, Long[]::new),
            array(some, each -> each.window().openEpisodeId(), String[]::new),
            earliest(some),
            config.grace().toMillis(),
            array(some, Shown::partition, Integer[]::new));
  }

  private static <T> T[] array(
      List<Shown> some, Function<Shown, T> field, IntFunction<T[]> newArray) {
    return some.stream().map(field).toArray(newArray);
  }

  private static OffsetDateTime earliest(List<Shown> some) {
    return some.stream().map(Shown::at).min(OffsetDateTime::compareTo).orElseThrow();
  }

  private static Finding finding(int partition, Row row) {
    return new Finding(
        FindingKind.ACTOR_DRIFT,
        row.getString("user_id"),
        null,
        null,
        partition,
        row.getLong("last_offset"),
        row.getOffsetDateTime("at_time").toInstant(),
        row.getString("expected"),
        row.getString("actual"),
        "the window in memory is not what is stored; the user has been told to read anew",
        row.getString("reproduce"));
  }
}
