package io.spendwatch.streams.ledger;

import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.database.Statements;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowIterator;
import io.vertx.sqlclient.Tuple;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * The layout of the transactions topic, and how it changes. For any thread; completes on an event
 * loop. All methods are safe to repeat, and safe beside whoever else does the same.
 */
public final class Layouts {
  private static final String READ_LAYOUT = SqlText.load(Ledger.class, "read_layout");
  private static final String ADOPT_LAYOUT = SqlText.load(Ledger.class, "adopt_layout");
  private static final String ANNOUNCE_GROWTH = SqlText.load(Ledger.class, "announce_growth");
  private static final String BEGIN_GROWTH = SqlText.load(Ledger.class, "begin_growth");
  private static final String FINISH_GROWTH = SqlText.load(Ledger.class, "finish_growth");

  private final Statements database;

  public Layouts(Statements database) {
    this.database = database;
  }

  /**
   * What is in force.
   *
   * @param awaited partitions that a growth under way waits for, since they do not stand still yet
   * @param announced the highest count that the command {@code migrate} has asked for
   */
  public record InForce(TopicLayout layout, List<Integer> awaited, int announced) {}

  /** Empty before the first claim of any partition. */
  public CompletionStage<Optional<InForce>> read() {
    return database
        .execute(READ_LAYOUT, Tuple.tuple())
        .thenApply(
            rows -> {
              RowIterator<Row> found = rows.iterator();
              if (!found.hasNext()) {
                return Optional.empty();
              }
              Row row = found.next();
              return Optional.of(
                  new InForce(
                      TopicLayout.of(row, 0),
                      List.of(row.getArrayOfIntegers(5)),
                      row.getInteger(6)));
            });
  }

  /** Says that a growth to so many partitions is wanted. */
  public CompletionStage<Void> announce(int partitions) {
    return database.execute(ANNOUNCE_GROWTH, Tuple.of(partitions)).thenApply(_ -> null);
  }

  /** Puts this count in force, unless there is one. */
  public CompletionStage<Void> adopt(int partitions) {
    return database.execute(ADOPT_LAYOUT, Tuple.of(partitions)).thenApply(_ -> null);
  }

  /**
   * Begins a growth, unless another count than {@code from} is in force, or one is under way.
   *
   * @param marks for each partition in force, from 0: where it ended after the new ones were there
   */
  public CompletionStage<Void> begin(int from, int to, List<Long> marks) {
    return database
        .execute(
            BEGIN_GROWTH,
            Tuple.tuple()
                .addInteger(from)
                .addInteger(to)
                .addArrayOfLong(marks.toArray(Long[]::new)))
        .thenApply(_ -> null);
  }

  /**
   * Puts the count in force to which a growth is under way, once every partition stands still for
   * it.
   *
   * @return whether it has been
   */
  public CompletionStage<Boolean> finish(int to) {
    return database
        .execute(FINISH_GROWTH, Tuple.of(to))
        .thenApply(rows -> rows.iterator().next().getBoolean(0));
  }
}
