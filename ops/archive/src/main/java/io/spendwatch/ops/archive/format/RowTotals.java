package io.spendwatch.ops.archive.format;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.math.BigInteger;
import java.nio.ByteOrder;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Adds rows up, in any order: how many they are, a digest of all of their columns, what their
 * amounts come to, and which offsets they span. Two sets of rows with the same {@link Totals} are
 * the same rows. For one thread.
 */
public final class RowTotals {
  private static final int LANES = 4;
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private final List<Column> columns;
  private final EncodedRow encoded;

  /** Of the columns that are amounts; what they come to, but for what is pending. */
  private final int[] amounts;

  private final BigInteger[] sums;
  private final long[] pending;
  private final Map<Long, long[]> offsets = new TreeMap<>();
  private final int partitionAt;
  private final int offsetAt;
  private final MessageDigest sha256;
  private final byte[] hash = new byte[LANES * Long.BYTES];
  private final long[] lanes = new long[LANES];
  private long rows;

  public RowTotals(ArchiveTable table) {
    columns = table.columns();
    encoded = new EncodedRow(table);
    amounts = IntStream.range(0, columns.size()).filter(at -> columns.get(at).isAmount()).toArray();
    sums = new BigInteger[amounts.length];
    Arrays.fill(sums, BigInteger.ZERO);
    pending = new long[amounts.length];
    partitionAt = table.indexOf("kafka_partition");
    offsetAt = table.indexOf("kafka_offset");
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** Counts a row with its values in the order of the columns. */
  public void add(Object[] row) {
    add(encoded.set(row));
  }

  /** Counts a row. */
  public void add(EncodedRow row) {
    rows++;
    sha256.update(row.array(), 0, row.length());
    try {
      int _ = sha256.digest(hash, 0, hash.length);
    } catch (DigestException e) {
      throw new IllegalStateException("SHA-256 has 32 bytes", e);
    }
    for (int lane = 0; lane < LANES; lane++) {
      lanes[lane] += (long) LONG.get(hash, lane * Long.BYTES);
    }
    for (int i = 0; i < amounts.length; i++) {
      if (!row.isNull(amounts[i])) {
        addTo(i, row.number(amounts[i]));
      }
    }
    if (partitionAt >= 0) {
      span(row.number(partitionAt), row.number(offsetAt));
    }
  }

  /** Adds in 64 bits for as long as that holds. */
  private void addTo(int sum, long amount) {
    long next = pending[sum] + amount;
    if (((pending[sum] ^ next) & (amount ^ next)) < 0) {
      sums[sum] = sums[sum].add(BigInteger.valueOf(pending[sum]));
      next = amount;
    }
    pending[sum] = next;
  }

  private void span(long partition, long offset) {
    long[] known = offsets.get(partition);
    if (known == null) {
      offsets.put(partition, new long[] {offset, offset});
    } else {
      known[0] = Math.min(known[0], offset);
      known[1] = Math.max(known[1], offset);
    }
  }

  /** Of the rows so far. */
  public Totals totals() {
    Map<String, String> named = new LinkedHashMap<>();
    for (int i = 0; i < amounts.length; i++) {
      named.put(
          columns.get(amounts[i]).name(), sums[i].add(BigInteger.valueOf(pending[i])).toString());
    }
    List<Totals.Offsets> spans = new ArrayList<>();
    offsets.forEach(
        (partition, span) -> spans.add(new Totals.Offsets(partition, span[0], span[1])));
    return new Totals(rows, Totals.hex(lanes), named, spans);
  }
}
