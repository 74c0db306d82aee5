package io.spendwatch.ops.audit;

import io.spendwatch.actors.PartitionQuery.GetWindows;
import io.spendwatch.actors.PartitionWindows;
import io.spendwatch.actors.PartitionWindows.UserWindow;
import io.spendwatch.streams.postgres.Database;
import io.vertx.sqlclient.Row;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * Whether the windows in memory are what is stored. A partition answers with the state in which all
 * that it has judged was durable, so what the tables say of that offset must be the same. Who has
 * drifted is told to read anew. For one thread, which it blocks.
 */
final class WindowDrift {
  private final Database database;
  private final AwakeWindows windows;
  private final AuditConfig config;
  private final List<Finding> findings = new ArrayList<>();
  private final List<String> compared = new ArrayList<>();
  private String notAsked;

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
    for (int partition : partitions) {
      String after = null;
      boolean more = true;
      while (more && notAsked == null) {
        PartitionWindows page = ask(windows.page(partition, after, GetWindows.LIMIT_MAX));
        more = page != null && page.more() && !page.users().isEmpty();
        if (page != null) {
          judge(page);
        }
        after = more ? page.users().getLast().userId() : null;
      }
    }
    return outcome();
  }

  /** Of those of these users who are awake, by partition. */
  Outcome compare(Map<Integer, List<String>> userIds) {
    userIds.forEach(
        (partition, ids) -> {
          for (int from = 0; from < ids.size() && notAsked == null; from += GetWindows.LIMIT_MAX) {
            List<String> some =
                ids.subList(from, Math.min(ids.size(), from + GetWindows.LIMIT_MAX));
            PartitionWindows page = ask(windows.of(partition, List.copyOf(some)));
            if (page != null) {
              judge(page);
            }
          }
        });
    return outcome();
  }

  private Outcome outcome() {
    return new Outcome(findings, compared, notAsked);
  }

  private PartitionWindows ask(CompletionStage<PartitionWindows> answer) {
    try {
      return answer.toCompletableFuture().join();
    } catch (CompletionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      notAsked = Objects.requireNonNullElse(cause.getMessage(), cause.toString());
      return null;
    }
  }

  private void judge(PartitionWindows page) {
    List<UserWindow> users = page.users();
    if (users.isEmpty()) {
      return;
    }
    users.forEach(user -> compared.add(user.userId()));
    OffsetDateTime[] times =
        users.stream().map(user -> utc(user.atMs())).toArray(OffsetDateTime[]::new);
    Long[] lastOffsets = users.stream().map(_ -> page.lastOffset()).toArray(Long[]::new);
    List<String> drifted = new ArrayList<>();
    for (Row row :
        new Session(database)
            .query(
                AuditScript.text("drift", Map.of()),
                strings(users.stream().map(UserWindow::userId).toList()),
                strings(users.stream().map(WindowDrift::currency).toList()),
                times,
                users.stream().map(UserWindow::exposureMinor).toArray(Long[]::new),
                users.stream().map(UserWindow::transactions).toArray(Integer[]::new),
                lastOffsets,
                users.stream().map(WindowDrift::version).toArray(Long[]::new),
                strings(users.stream().map(UserWindow::openEpisodeId).toList()),
                earliest(times),
                config.grace().toMillis())) {
      drifted.add(row.getString(0));
      findings.add(finding(page.partition(), row));
    }
    if (!drifted.isEmpty()) {
      var _ = windows.reread(page.partition(), drifted).toCompletableFuture().join();
    }
  }

  private static OffsetDateTime earliest(OffsetDateTime[] times) {
    OffsetDateTime earliest = times[0];
    for (OffsetDateTime time : times) {
      earliest = time.isBefore(earliest) ? time : earliest;
    }
    return earliest;
  }

  private static Finding finding(int partition, Row row) {
    OffsetDateTime at = row.getOffsetDateTime("at_time");
    return new Finding(
        FindingKind.ACTOR_DRIFT,
        row.getString("user_id"),
        null,
        null,
        partition,
        row.getLong("last_offset"),
        at.toInstant(),
        row.getString("expected"),
        row.getString("actual"),
        "the window in memory is not what is stored; the user has been told to read anew",
        row.getString("reproduce"));
  }

  private static String[] strings(List<String> values) {
    return values.toArray(String[]::new);
  }

  /** Without an account a user's rows are all of one currency, whichever it is. */
  private static String currency(UserWindow user) {
    return user.balance() == null ? null : user.balance().currency();
  }

  private static Long version(UserWindow user) {
    return user.balance() == null ? null : user.balance().version();
  }

  private static OffsetDateTime utc(long ms) {
    return Instant.ofEpochMilli(ms).atOffset(ZoneOffset.UTC);
  }
}
