package io.spendwatch.streams.ledger;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Rows that somebody wrote and we cannot read, such as an account as of infinity: what they are,
 * for log, status and metrics. Such a row blames its user alone; whoever reads many rows leaves
 * that user out and goes on.
 *
 * <p>A row is forgotten as soon as it is read with success. For any thread; bounded.
 */
public final class UnreadableRows {
  private static final Logger LOG = LoggerFactory.getLogger(UnreadableRows.class);

  /** So many are named at once; further ones are only counted, each time that they are read. */
  private static final int NAMED_MAX = 1_000;

  private static final int SHOWN_CHARACTERS_MAX = 64;

  /** Of the balances. */
  static final String ACCOUNTS = "accounts";

  static final String TRANSACTIONS = "transactions";
  static final String ALERTS = "alerts";

  /** One that is passed over stays named, whatever is read of the user's others. */
  static final String UNPUBLISHED_ALERTS = "unpublished alerts";

  static final String PIPELINES = "pipelines";

  /**
   * Which row: a table, and the user whose rows they are (a partition's number in pipelines; of an
   * alert that is passed over, its id too).
   */
  private record Place(String table, String key) {}

  /** Reasons by place. */
  private final Map<Place, String> named = new ConcurrentHashMap<>();

  private final LongAdder found = new LongAdder();
  private final int namedMax;

  public UnreadableRows() {
    this(NAMED_MAX);
  }

  UnreadableRows(int namedMax) {
    this.namedMax = namedMax;
  }

  /**
   * Runs a conversion of what the table holds under this key.
   *
   * @param conversion throws for what it cannot read, whatever that is: it is the row's
   * @return empty where it cannot be read, which is noted
   */
  <T> Optional<T> read(String table, String key, Supplier<T> conversion) {
    T value;
    try {
      value = conversion.get();
    } catch (RuntimeException e) {
      note(new Place(table, key), reason(e));
      return Optional.empty();
    }
    forget(table, key);
    return Optional.of(value);
  }

  /**
   * As {@link #read}, of one row among several under this key: that it can be read excuses none.
   */
  <T> Optional<T> readOne(String table, String key, Supplier<T> conversion) {
    try {
      return Optional.of(conversion.get());
    } catch (RuntimeException e) {
      note(new Place(table, key), reason(e));
      return Optional.empty();
    }
  }

  /** There is no such row, or it has been read. Costs nothing while all rows can be read. */
  void forget(String table, String key) {
    if (!named.isEmpty() && named.remove(new Place(table, key)) != null) {
      LOG.info("{} of {} can be read again", table, shown(key));
    }
  }

  private static String reason(RuntimeException failure) {
    return failure instanceof UnreadableValue
        ? String.valueOf(failure.getMessage())
        : failure.toString();
  }

  private void note(Place place, String reason) {
    if (named.size() >= namedMax && !named.containsKey(place)) {
      found.increment();
      return;
    }
    if (!reason.equals(named.put(place, reason))) {
      found.increment();
      LOG.error("{} of {} cannot be read: {}", place.table, shown(place.key), reason);
    }
  }

  /** Those of one table. */
  Set<String> keys(String table) {
    Set<String> keys = new TreeSet<>();
    for (Place place : named.keySet()) {
      if (place.table.equals(table)) {
        keys.add(place.key);
      }
    }
    return keys;
  }

  /** What cannot be read now, for people: table, user, column and value; in order. */
  public List<String> named() {
    return named.entrySet().stream()
        .map(row -> row.getKey().table + " of " + shown(row.getKey().key) + ": " + row.getValue())
        .sorted()
        .toList();
  }

  /** How many have been found so far; one that has changed and still cannot be read counts anew. */
  public long found() {
    return found.sum();
  }

  /** Foreign text, safe to show: quoted, without what a terminal would obey, and not too long. */
  static String shown(@Nullable String text) {
    if (text == null) {
      return "null";
    }
    var shown = new StringBuilder("\"");
    text.codePoints()
        .limit(SHOWN_CHARACTERS_MAX)
        .forEach(c -> shown.appendCodePoint(Character.isISOControl(c) || isInvisible(c) ? '?' : c));
    return shown
        .append(text.codePointCount(0, text.length()) > SHOWN_CHARACTERS_MAX ? "…\"" : "\"")
        .toString();
  }

  private static boolean isInvisible(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.FORMAT,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          true;
      default -> false;
    };
  }

  /** The users that a read of accounts has asked for, and who have no row: nothing to blame. */
  void forgetAbsent(String table, Collection<String> asked, Set<String> present) {
    if (!named.isEmpty()) {
      asked.stream().filter(key -> !present.contains(key)).forEach(key -> forget(table, key));
    }
  }
}
