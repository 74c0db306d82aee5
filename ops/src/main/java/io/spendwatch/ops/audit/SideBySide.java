package io.spendwatch.ops.audit;

import io.spendwatch.ops.storage.session.Session;
import io.spendwatch.streams.database.Database;
import io.vertx.sqlclient.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * Parts of a run that do not depend on one another, done by several sessions side by side: the
 * server works for each of them on a processor of its own. Whoever has done a part takes the next,
 * so that none waits for a longer one. Each session has the tables of the run for itself; what the
 * others have found in theirs is handed to the first of them in the end.
 *
 * <p>The first session is the caller's, and only the caller's thread works with its tables after
 * {@link #run} has returned. Blocks.
 */
final class SideBySide {
  /** Rows that are on the way from one session to another at a time. */
  private static final int ROWS_AT_ONCE = 1000;

  /** What all parts add to, and what the rest of a run reads. */
  private static final List<String> ADDED_TO = List.of("found", "came_late", "still_open");

  /** Of users by the hundred thousand, so only where what is found names them. */
  private static final List<String> LOOKED_UP = List.of("moved", "home");

  private static final Executor THREADS =
      task -> Thread.ofVirtual().name("audit-session").start(task);

  private final Database database;
  private final int sessions;

  /**
   * @param sessions how many at once, the caller's included; as many connections must be free
   */
  SideBySide(Database database, int sessions) {
    this.database = database;
    this.sessions = sessions;
  }

  /** One that has a transaction of its own, so that no snapshot is older than it. */
  static Consumer<Session> part(Consumer<Session> work) {
    return session -> {
      var _ =
          session.inTransaction(
              () -> {
                work.accept(session);
                return true;
              });
    };
  }

  /**
   * Does all parts, in this order but for those that are done at the same time. Where one fails, no
   * further one is begun, and it fails once those that were have ended.
   *
   * @param first has the run's tables
   * @param begin makes the run's tables in one of the others
   */
  void run(Session first, Consumer<Session> begin, List<Consumer<Session>> parts) {
    with(
        List.of(first),
        all -> {
          List<Session> others = all.subList(1, all.size());
          others.forEach(begin);
          share(all, parts);
          others.forEach(other -> handOver(other, first));
        });
  }

  private void with(List<Session> held, Consumer<List<Session>> work) {
    if (held.size() == sessions) {
      work.accept(held);
      return;
    }
    var _ =
        Session.pinned(
            database,
            further -> {
              List<Session> all = new ArrayList<>(held);
              all.add(further);
              with(all, work);
              return true;
            });
  }

  /** Ends when all of them have; fails as the first that did. */
  private static void share(List<Session> all, List<Consumer<Session>> parts) {
    Queue<Consumer<Session>> left = new ConcurrentLinkedQueue<>(parts);
    CompletableFuture.allOf(
            all.stream()
                .map(session -> CompletableFuture.runAsync(() -> take(session, left), THREADS))
                .toArray(CompletableFuture<?>[]::new))
        .join();
  }

  private static void take(Session session, Queue<Consumer<Session>> left) {
    try {
      for (Consumer<Session> part = left.poll(); part != null; part = left.poll()) {
        part.accept(session);
      }
    } catch (RuntimeException | Error e) {
      left.clear();
      throw e;
    }
  }

  private static void handOver(Session from, Session to) {
    ADDED_TO.forEach(table -> handOver(from, to, table, ""));
    LOOKED_UP.forEach(
        table ->
            handOver(
                from,
                to,
                table,
                " WHERE user_id IN (SELECT user_id FROM found WHERE kind LIKE 'MISSING%')"));
  }

  /** However many rows there are, only some of them are here at a time. */
  private static void handOver(Session from, Session to, String table, String condition) {
    Map<String, String> values = Map.of("table", table, "condition", condition);
    var _ =
        from.inTransaction(
            () -> {
              from.query(AuditScript.text("declare_handed", values));
              List<String> some = some(from);
              while (!some.isEmpty()) {
                to.query(
                    AuditScript.text("insert_handed", values),
                    (Object) some.toArray(String[]::new));
                some = some(from);
              }
              return true;
            });
  }

  private static List<String> some(Session from) {
    List<String> some = new ArrayList<>();
    for (Row row : from.query("FETCH " + ROWS_AT_ONCE + " FROM handed")) {
      some.add(row.getString(0));
    }
    return some;
  }
}
