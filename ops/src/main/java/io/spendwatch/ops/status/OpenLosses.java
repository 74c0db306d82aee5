package io.spendwatch.ops.status;

import io.spendwatch.ops.status.NodeStatus.LostRange;
import io.spendwatch.streams.base.PeriodicWork;
import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.database.Statements;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.typed.ActorSystem;

/**
 * The lost records that nobody has acknowledged, of the whole cluster, as the table had them
 * moments ago. Thread-safe, blocks nobody.
 */
public final class OpenLosses {
  private static final Duration INTERVAL = Duration.ofSeconds(2);
  private static final Duration LOOK_MAX = Duration.ofMinutes(1);
  private static final int SHOWN = 50;
  private static final String OPEN_LOSSES = SqlText.load(OpenLosses.class, "open_losses");

  private final Statements database;
  private volatile List<LostRange> last = List.of();

  public OpenLosses(Statements database) {
    this.database = database;
  }

  /** Looks again and again until cancelled. While the database is away the last answer stays. */
  public Cancellable start(ActorSystem<?> system) {
    return PeriodicWork.start(
        system, "The look at lost records", Duration.ZERO, INTERVAL, LOOK_MAX, this::look);
  }

  /** The newest first, at most some; empty before they are known. */
  public List<LostRange> last() {
    return last;
  }

  private CompletionStage<Void> look() {
    return database
        .execute(OPEN_LOSSES, Tuple.of(SHOWN))
        .thenAccept(
            rows -> {
              List<LostRange> ranges = new ArrayList<>(rows.size());
              rows.forEach(row -> ranges.add(range(row)));
              last = List.copyOf(ranges);
            })
        .exceptionally(_ -> null);
  }

  private static LostRange range(Row row) {
    return new LostRange(
        row.getString(0),
        row.getInteger(1),
        row.getLong(2),
        row.getLong(3),
        row.getString(4),
        row.getString(5),
        row.getOffsetDateTime(6).toInstant());
  }
}
