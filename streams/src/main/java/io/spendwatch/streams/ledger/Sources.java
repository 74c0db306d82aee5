package io.spendwatch.streams.ledger;

import io.spendwatch.streams.database.EventTimes;
import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.database.Statements;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * What is durable of the topics that are read: which topic each partition was last read as, and
 * what of them is lost. For any thread; completes on an event loop. All methods are safe to repeat
 * after a failure of unknown outcome.
 */
public final class Sources {
  private static final String READ_TOPIC_ID = SqlText.load(Ledger.class, "read_topic_id");
  private static final String ADOPT_TOPIC = SqlText.load(Ledger.class, "adopt_topic");
  private static final String RECORD_LOST = SqlText.load(Ledger.class, "record_lost");
  private static final String FIND_LAST_OFFSET = SqlText.load(Ledger.class, "find_last_offset");
  private static final String RECORD_REWIND = SqlText.load(Ledger.class, "record_rewind");
  private static final String READ_SEEN_ALERTS = SqlText.load(Ledger.class, "read_seen_alerts");
  private static final String READ_BALANCES_PLACE =
      SqlText.load(Ledger.class, "read_balances_place");
  private static final String NOTE_BALANCES_PLACE =
      SqlText.load(Ledger.class, "note_balances_place");

  private final Statements database;

  public Sources(Statements database) {
    this.database = database;
  }

  /**
   * Offsets [from, to) of one partition whose records are gone and were never read.
   *
   * @param topicId of the topic that they were in; another one may have its name by now
   * @param to empty where nobody knows how far that topic reached
   * @param reason a stable code
   */
  public record Lost(
      String topic, String topicId, int partition, long from, OptionalLong to, String reason) {}

  /**
   * Offsets [from, to) of one partition that the group has committed and the tables do not know,
   * since the database was put back to an older point.
   *
   * @param topicId of the topic that they are in
   */
  public record Rewind(String topic, String topicId, int partition, long from, long to) {}

  /** The id of the topic that the partition was last read as; empty before any. */
  public CompletionStage<Optional<String>> topicId(String topic, int partition) {
    return database
        .execute(READ_TOPIC_ID, Tuple.of(topic, partition))
        .thenApply(
            rows ->
                rows.size() == 0
                    ? Optional.empty()
                    : Optional.of(rows.iterator().next().getString(0)));
  }

  /**
   * Notes as which topic the partition is read from now on, that all before {@code nextOffset} is
   * durable, and all before {@code publishedOffset} published.
   *
   * @param epoch under which the partition is claimed; without effect under a later one. Empty for
   *     a topic whose partitions are not claimed
   * @return whether it has taken effect, now or before
   */
  public CompletionStage<Boolean> adopt(
      String topic,
      int partition,
      String topicId,
      long nextOffset,
      long publishedOffset,
      OptionalLong epoch) {
    return database
        .execute(
            ADOPT_TOPIC,
            Tuple.of(
                topic,
                partition,
                topicId,
                nextOffset,
                publishedOffset,
                epoch.isEmpty() ? null : epoch.getAsLong()))
        .thenApply(rows -> rows.iterator().next().getBoolean(0));
  }

  /**
   * Notes what is lost, each offset once, but for those of which there is a row.
   *
   * @param rowsBefore rows can only be of offsets before this one; 0 for none
   * @param node that has noticed it
   * @return what had not been noted before
   */
  public CompletionStage<List<Lost>> lose(Lost lost, long rowsBefore, String node, long nowMs) {
    return database
        .execute(
            RECORD_LOST,
            Tuple.tuple()
                .addString(lost.topic())
                .addString(lost.topicId())
                .addInteger(lost.partition())
                .addLong(lost.from())
                .addLong(lost.to().isEmpty() ? null : lost.to().getAsLong())
                .addString(lost.reason())
                .addString(node)
                .addOffsetDateTime(EventTimes.toDatabase(nowMs))
                .addLong(rowsBefore))
        .thenApply(
            rows -> {
              List<Lost> stretches = new ArrayList<>(rows.size());
              for (Row row : rows) {
                stretches.add(
                    new Lost(
                        lost.topic(),
                        lost.topicId(),
                        lost.partition(),
                        row.getLong(0),
                        optional(row.getLong(1)),
                        lost.reason()));
              }
              return stretches;
            });
  }

  /**
   * Notes that the tables do not know these offsets (any more).
   *
   * @param node that has noticed it
   * @param isToBeRead whether it reads them again by itself; else somebody has to ask for it
   * @return whether they are to be read again
   */
  public CompletionStage<Boolean> rewind(
      Rewind rewind, boolean isToBeRead, String node, long nowMs) {
    return database
        .execute(
            RECORD_REWIND,
            Tuple.tuple()
                .addString(rewind.topic())
                .addString(rewind.topicId())
                .addInteger(rewind.partition())
                .addLong(rewind.from())
                .addLong(rewind.to())
                .addString(node)
                .addOffsetDateTime(EventTimes.toDatabase(nowMs))
                .addBoolean(isToBeRead))
        .thenApply(rows -> rows.iterator().next().getBoolean(0));
  }

  /**
   * Ids of the partition's alerts that subscribers have had before the database was put back; empty
   * unless it was.
   */
  public CompletionStage<Set<String>> seenAlerts(int partition) {
    return database
        .execute(READ_SEEN_ALERTS, Tuple.of(partition))
        .thenApply(
            rows -> {
              Set<String> alertIds = HashSet.newHashSet(rows.size());
              rows.forEach(row -> alertIds.add(row.getString(0)));
              return alertIds;
            });
  }

  /**
   * The offset before which all balances of a partition of the topic with this id are applied;
   * empty where that is not noted.
   */
  public CompletionStage<OptionalLong> balancesPlace(String topicId, int partition) {
    return database
        .execute(READ_BALANCES_PLACE, Tuple.of(topicId, partition))
        .thenApply(rows -> optional(rows.iterator().next().getLong(0)));
  }

  /** Notes that all balances before this offset are applied, or passed over. */
  public CompletionStage<Void> noteBalancesPlace(String topicId, int partition, long nextOffset) {
    return database
        .execute(NOTE_BALANCES_PLACE, Tuple.of(topicId, partition, nextOffset))
        .thenApply(_ -> null);
  }

  /** The offset after the last one of the partition that has a row; empty for none. */
  public CompletionStage<OptionalLong> rowsEnd(int partition) {
    return database
        .execute(FIND_LAST_OFFSET, Tuple.of(partition))
        .thenApply(
            rows -> {
              Long last = rows.iterator().next().getLong(0);
              return last == null ? OptionalLong.empty() : OptionalLong.of(last + 1);
            });
  }

  static OptionalLong optional(@Nullable Long value) {
    return value == null ? OptionalLong.empty() : OptionalLong.of(value);
  }
}
