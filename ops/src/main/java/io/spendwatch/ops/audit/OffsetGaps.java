package io.spendwatch.ops.audit;

import io.spendwatch.ops.storage.session.Session;
import io.spendwatch.protocol.Decoded;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.vertx.sqlclient.Row;
import java.math.BigInteger;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Whether every record of the topic is accounted for: stored, a dead letter, or a duplicate of one
 * that is stored. Offsets that no record has, such as those of transaction markers, are nobody's.
 * For one thread, which it blocks.
 */
final class OffsetGaps {
  private static final int RECORDS_AT_ONCE = 2000;

  /**
   * How much later a clock may be that stamped a record than the one that stamped its dead letter.
   */
  private static final long CLOCKS_APART_MS = 3_600_000;

  /**
   * What the rows of a partition say of their offsets.
   *
   * @param xor exclusive or of all of them
   */
  record Census(long rows, BigInteger sum, long xor) {
    static final Census NONE = new Census(0, BigInteger.ZERO, 0);

    static Census of(Row row) {
      return new Census(row.getLong(1), new BigInteger(row.getString(2)), row.getLong(3));
    }

    /** Whether the rows have each offset of the span once. */
    boolean isWhole(Span span) {
      BigInteger ends = BigInteger.valueOf(span.from()).add(BigInteger.valueOf(span.to() - 1));
      return rows == span.offsets()
          && sum.shiftLeft(1).equals(ends.multiply(BigInteger.valueOf(span.offsets())))
          && xor == (xorBelow(span.to()) ^ xorBelow(span.from()));
    }

    private static long xorBelow(long end) {
      long last = end - 1;
      return switch ((int) (end & 3)) {
        case 1 -> last;
        case 2 -> 1;
        case 3 -> last + 1;
        default -> 0;
      };
    }
  }

  private final Session session;
  private final SourceLog log;
  private final Supplier<Instant> droppedBefore;
  private final boolean grown;
  private final Map<Integer, Long> assessedTo = new HashMap<>();
  private final List<Finding> findings = new ArrayList<>();
  private long expired;

  /** A record without a row. */
  private record Unstored(Transaction transaction, long offset, long timestampMs) {}

  /**
   * @param droppedBefore rows of earlier event times have been dropped by now; null for none
   * @param grown whether the topic has ever had fewer partitions: a record may then be stored as
   *     its copy
   * @param spans of all partitions
   */
  OffsetGaps(
      Session session,
      SourceLog log,
      Supplier<Instant> droppedBefore,
      boolean grown,
      List<Span> spans) {
    this.session = session;
    this.log = log;
    this.droppedBefore = droppedBefore;
    this.grown = grown;
    spans.forEach(span -> assessedTo.put(span.partition(), span.to()));
  }

  /** What was found so far. */
  List<Finding> findings() {
    return findings;
  }

  /** How many offsets without a row the topic does not reach back to any more. */
  long expired() {
    return expired;
  }

  void check(Span span, Census census) {
    if (census.isWhole(span)) {
      return;
    }
    List<long[]> missing = new ArrayList<>();
    String sql =
        AuditScript.text(
            "gaps",
            Map.of(
                "partition", Integer.toString(span.partition()),
                "from", Long.toString(span.from()),
                "to", Long.toString(span.to()),
                "fresh", Span.condition(List.of(span))));
    for (Row row : session.query(sql)) {
      long first = row.getLong(0);
      long last = row.getLong(1);
      if (last < first) {
        findings.add(twice(span.partition(), last + 1));
      } else {
        missing.add(new long[] {first, last});
      }
    }
    List<long[]> readable = withoutExpired(missing, log.beginning(span.partition()));
    if (!readable.isEmpty()) {
      account(span.partition(), readable);
    }
  }

  private List<long[]> withoutExpired(List<long[]> stretches, long beginning) {
    List<long[]> readable = new ArrayList<>();
    for (long[] stretch : stretches) {
      long first = Math.max(stretch[0], beginning);
      expired += Math.min(first, stretch[1] + 1) - stretch[0];
      if (first <= stretch[1]) {
        readable.add(new long[] {first, stretch[1]});
      }
    }
    return readable;
  }

  private void account(int partition, List<long[]> stretches) {
    List<Unstored> unexplained = new ArrayList<>();
    List<Unstored> page = new ArrayList<>();
    Instant dropped = droppedBefore.get();
    log.read(
        partition,
        stretches,
        record -> {
          Unstored unstored = unstored(record);
          if (unstored.transaction() == null) {
            unexplained.add(unstored);
          } else if (!isDropped(unstored.transaction(), dropped)) {
            page.add(unstored);
            if (page.size() == RECORDS_AT_ONCE) {
              unexplained.addAll(without(page, duplicates(partition, page)));
              page.clear();
            }
          }
        });
    unexplained.addAll(without(page, duplicates(partition, page)));
    if (unexplained.isEmpty()) {
      return;
    }
    long oldestMs = unexplained.stream().mapToLong(Unstored::timestampMs).min().orElseThrow();
    Set<SourceLog.Source> dead = log.deadLetters(oldestMs - CLOCKS_APART_MS);
    unexplained.removeIf(each -> dead.contains(new SourceLog.Source(partition, each.offset())));
    List<Unstored> valid = unexplained.stream().filter(each -> each.transaction() != null).toList();
    Set<Integer> moved = new HashSet<>();
    for (int from = 0; from < valid.size(); from += RECORDS_AT_ONCE) {
      int first = from;
      movedDuplicates(
              partition, valid.subList(from, Math.min(valid.size(), from + RECORDS_AT_ONCE)))
          .forEach(place -> moved.add(first + place));
    }
    unexplained.removeAll(new HashSet<>(moved.stream().map(valid::get).toList()));
    unexplained.removeAll(passedOn(unexplained));
    unexplained.removeAll(erased(partition, unexplained));
    unexplained.forEach(each -> findings.add(gap(partition, each)));
  }

  /**
   * Those that a growth has moved, and whose copies are still to be assessed: where these belong,
   * or on the way there, which several growths soon after each other may lead through other
   * partitions and back to this one.
   */
  private Set<Unstored> passedOn(List<Unstored> unexplained) {
    Map<List<String>, List<Unstored>> waiting = new HashMap<>();
    for (Unstored each : unexplained) {
      if (grown && each.transaction() != null) {
        waiting.computeIfAbsent(key(each.transaction()), _ -> new ArrayList<>()).add(each);
      }
    }
    Set<Unstored> passedOn = new HashSet<>();
    if (waiting.isEmpty()) {
      return passedOn;
    }
    log.writtenEnds()
        .forEach(
            (partition, end) -> {
              long from = assessedTo.getOrDefault(partition, 0L);
              if (from < end) {
                log.read(
                    partition,
                    List.of(new long[] {from, end - 1}),
                    record -> {
                      Transaction copy = unstored(record).transaction();
                      if (copy != null) {
                        passedOn.addAll(waiting.getOrDefault(key(copy), List.of()));
                      }
                    });
              }
            });
    return passedOn;
  }

  /**
   * Those of users who were erased since: duplicates of what is stored of a pseudonym, of which it
   * has the id.
   */
  private Set<Unstored> erased(int partition, List<Unstored> unexplained) {
    List<Unstored> valid = unexplained.stream().filter(each -> each.transaction() != null).toList();
    Set<Unstored> erased = new HashSet<>();
    for (int from = 0; from < valid.size(); from += RECORDS_AT_ONCE) {
      List<Unstored> page = valid.subList(from, Math.min(valid.size(), from + RECORDS_AT_ONCE));
      places(
              AuditScript.text("find_erased_duplicates", Map.of()),
              places(page),
              ids(page),
              offsets(page),
              partition,
              grown)
          .forEach(place -> erased.add(page.get(place)));
    }
    return erased;
  }

  private static List<String> key(Transaction transaction) {
    return List.of(transaction.userId(), transaction.transactionId());
  }

  private static boolean isDropped(Transaction transaction, Instant droppedBefore) {
    return droppedBefore != null && transaction.eventTimeMs() < droppedBefore.toEpochMilli();
  }

  private static Unstored unstored(ConsumerRecord<byte[], byte[]> record) {
    Transaction transaction =
        switch (TransactionCodec.decode(record.key(), record.value(), Long.MAX_VALUE)) {
          case Decoded.Valid<Transaction>(Transaction valid) -> valid;
          case Decoded.Rejected<Transaction> _ -> null;
        };
    return new Unstored(transaction, record.offset(), record.timestamp());
  }

  private static List<Unstored> without(List<Unstored> page, Set<Integer> places) {
    List<Unstored> rest = new ArrayList<>();
    for (int place = 0; place < page.size(); place++) {
      if (!places.contains(place)) {
        rest.add(page.get(place));
      }
    }
    return rest;
  }

  private Set<Integer> duplicates(int partition, List<Unstored> page) {
    if (page.isEmpty()) {
      return Set.of();
    }
    OffsetDateTime[] times =
        page.stream().map(each -> utc(each.transaction())).toArray(OffsetDateTime[]::new);
    OffsetDateTime least = times[0];
    OffsetDateTime greatest = times[0];
    for (OffsetDateTime time : times) {
      least = time.isBefore(least) ? time : least;
      greatest = time.isAfter(greatest) ? time : greatest;
    }
    return places(
        AuditScript.text("find_duplicates", Map.of()),
        places(page),
        users(page),
        times,
        ids(page),
        offsets(page),
        partition,
        least,
        greatest,
        grown);
  }

  private Set<Integer> movedDuplicates(int partition, List<Unstored> page) {
    return places(
        AuditScript.text("find_moved_duplicates", Map.of()),
        places(page),
        users(page),
        ids(page),
        offsets(page),
        partition,
        grown);
  }

  private Set<Integer> places(String sql, Object... parameters) {
    Set<Integer> places = new HashSet<>();
    session.query(sql, parameters).forEach(row -> places.add(row.getInteger(0)));
    return places;
  }

  private static Integer[] places(List<Unstored> page) {
    Integer[] places = new Integer[page.size()];
    for (int place = 0; place < places.length; place++) {
      places[place] = place;
    }
    return places;
  }

  private static String[] users(List<Unstored> page) {
    return page.stream().map(each -> each.transaction().userId()).toArray(String[]::new);
  }

  private static String[] ids(List<Unstored> page) {
    return page.stream().map(each -> each.transaction().transactionId()).toArray(String[]::new);
  }

  private static Long[] offsets(List<Unstored> page) {
    return page.stream().map(Unstored::offset).toArray(Long[]::new);
  }

  private static OffsetDateTime utc(Transaction transaction) {
    return Instant.ofEpochMilli(transaction.eventTimeMs()).atOffset(ZoneOffset.UTC);
  }

  private static Finding gap(int partition, Unstored record) {
    Transaction transaction = record.transaction();
    return new Finding(
        FindingKind.OFFSET_GAP,
        transaction == null ? null : transaction.userId(),
        transaction == null ? null : transaction.transactionId(),
        null,
        partition,
        record.offset(),
        transaction == null ? null : Instant.ofEpochMilli(transaction.eventTimeMs()),
        "a row, or a dead letter",
        "neither",
        transaction == null
            ? "the record is bad, and is no dead letter"
            : "the record is good, is no duplicate of a row, and is no dead letter",
        offsetSql(partition, record.offset()));
  }

  private static Finding twice(int partition, long offset) {
    return new Finding(
        FindingKind.ROW_WITHOUT_RECORD,
        null,
        null,
        null,
        partition,
        offset,
        null,
        "one row",
        "several rows",
        "several rows name the same record",
        offsetSql(partition, offset));
  }

  private static String offsetSql(int partition, long offset) {
    return String.format(
        Locale.ROOT,
        "SELECT * FROM spendwatch.transactions WHERE kafka_partition = %d AND kafka_offset = %d",
        partition,
        offset);
  }
}
