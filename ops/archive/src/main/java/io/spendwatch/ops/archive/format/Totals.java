package io.spendwatch.ops.archive.format;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What rows come to.
 *
 * @param digest the SHA-256 of each row, its four parts each added up modulo 2⁶⁴: the same in
 *     whatever order, in hexadecimal
 * @param sums of the columns that are amounts, minor units of whatever currency; exact
 * @param offsets that they span, by Kafka partition; empty for tables without
 */
public record Totals(long rows, String digest, Map<String, String> sums, List<Offsets> offsets) {
  private static final int LANES = 4;
  private static final int DIGITS = 16;

  /** Both ends included. */
  record Offsets(long partition, long min, long max) {}

  public Totals {
    sums = sums == null ? Map.of() : sums;
    offsets = offsets == null ? List.of() : List.copyOf(offsets);
  }

  public static Totals none(ArchiveTable table) {
    return new RowTotals(table).totals();
  }

  /** Of these rows and those, which have none in common. */
  public Totals plus(Totals other) {
    long[] lanes = new long[LANES];
    for (int lane = 0; lane < LANES; lane++) {
      lanes[lane] = lane(digest, lane) + lane(other.digest, lane);
    }
    Map<String, String> summed = new LinkedHashMap<>(sums);
    other.sums.forEach(
        (name, sum) ->
            summed.merge(name, sum, (a, b) -> new BigInteger(a).add(new BigInteger(b)).toString()));
    Map<Long, Offsets> spans = new TreeMap<>();
    offsets.forEach(span -> spans.put(span.partition(), span));
    other.offsets.forEach(
        span ->
            spans.merge(
                span.partition(),
                span,
                (a, b) ->
                    new Offsets(
                        a.partition(), Math.min(a.min(), b.min()), Math.max(a.max(), b.max()))));
    return new Totals(rows + other.rows, hex(lanes), summed, new ArrayList<>(spans.values()));
  }

  private static long lane(String digest, int lane) {
    return Long.parseUnsignedLong(digest, lane * DIGITS, (lane + 1) * DIGITS, 16);
  }

  static String hex(long[] lanes) {
    var digits = new StringBuilder(LANES * DIGITS);
    for (long lane : lanes) {
      digits.append(String.format(Locale.ROOT, "%016x", lane));
    }
    return digits.toString();
  }
}
