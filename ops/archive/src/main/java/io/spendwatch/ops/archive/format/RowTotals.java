package io.spendwatch.ops.archive.format;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.math.BigInteger;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Adds rows up, in any order: how many they are, a digest of all of their columns, what their
 * amounts come to, and which offsets they span. Two sets of rows with the same {@link Totals} are
 * the same rows. For one thread.
 */
public final class RowTotals {
  private static final int LANES = 4;

  private final List<Column> columns;
  private final Map<Integer, BigInteger> sums = new LinkedHashMap<>();
  private final Map<Long, long[]> offsets = new TreeMap<>();
  private final int partitionAt;
  private final int offsetAt;
  private final MessageDigest sha256;
  private final long[] lanes = new long[LANES];
  private final long[] pending;
  private byte[] encoded = new byte[1024];
  private int length;
  private long rows;

  public RowTotals(ArchiveTable table) {
    columns = table.columns();
    pending = new long[columns.size()];
    for (int i = 0; i < columns.size(); i++) {
      if (columns.get(i).isAmount()) {
        sums.put(i, BigInteger.ZERO);
      }
    }
    partitionAt = indexOf("kafka_partition");
    offsetAt = indexOf("kafka_offset");
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private int indexOf(String name) {
    for (int i = 0; i < columns.size(); i++) {
      if (columns.get(i).name().equals(name)) {
        return i;
      }
    }
    return -1;
  }

  /** Counts a row with its values in the order of the columns. */
  public void add(Object[] row) {
    rows++;
    length = 0;
    for (int i = 0; i < row.length; i++) {
      encode(row[i]);
    }
    sha256.update(encoded, 0, length);
    byte[] hash = sha256.digest();
    for (int lane = 0; lane < LANES; lane++) {
      lanes[lane] += bigEndian(hash, lane * Long.BYTES);
    }
    for (Map.Entry<Integer, BigInteger> sum : sums.entrySet()) {
      if (row[sum.getKey()] instanceof Long amount) {
        addTo(sum, amount);
      }
    }
    if (partitionAt >= 0) {
      span((Long) row[partitionAt], (Long) row[offsetAt]);
    }
  }

  /** Adds in 64 bits for as long as that holds. */
  private void addTo(Map.Entry<Integer, BigInteger> sum, long amount) {
    int at = sum.getKey();
    long next = pending[at] + amount;
    if (((pending[at] ^ next) & (amount ^ next)) < 0) {
      sum.setValue(sum.getValue().add(BigInteger.valueOf(pending[at])));
      next = amount;
    }
    pending[at] = next;
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

  /** Each value with its kind and its length, so that no two rows look alike. */
  private void encode(Object value) {
    switch (value) {
      case null -> room(1)[length++] = 0;
      case Long number -> encodeNumber((byte) 1, number);
      case Double share -> encodeNumber((byte) 6, Double.doubleToLongBits(share));
      case Boolean flag -> room(1)[length++] = (byte) (flag ? 2 : 3);
      case String text -> encodeBytes((byte) 4, text.getBytes(UTF_8));
      case byte[] bytes -> encodeBytes((byte) 5, bytes);
      default -> throw new IllegalStateException("no value of a row: " + value.getClass());
    }
  }

  private void encodeNumber(byte kind, long number) {
    byte[] room = room(1 + Long.BYTES);
    room[length++] = kind;
    for (int shift = 56; shift >= 0; shift -= 8) {
      room[length++] = (byte) (number >>> shift);
    }
  }

  private void encodeBytes(byte kind, byte[] bytes) {
    byte[] room = room(1 + Integer.BYTES + bytes.length);
    room[length++] = kind;
    for (int shift = 24; shift >= 0; shift -= 8) {
      room[length++] = (byte) (bytes.length >>> shift);
    }
    System.arraycopy(bytes, 0, room, length, bytes.length);
    length += bytes.length;
  }

  private byte[] room(int more) {
    if (encoded.length - length < more) {
      encoded = Arrays.copyOf(encoded, Math.max(2 * encoded.length, length + more));
    }
    return encoded;
  }

  private static long bigEndian(byte[] bytes, int from) {
    long value = 0;
    for (int i = 0; i < Long.BYTES; i++) {
      value = (value << 8) | (bytes[from + i] & 0xff);
    }
    return value;
  }

  /** Of the rows so far. */
  public Totals totals() {
    Map<String, String> named = new LinkedHashMap<>();
    sums.forEach(
        (at, sum) ->
            named.put(columns.get(at).name(), sum.add(BigInteger.valueOf(pending[at])).toString()));
    List<Totals.Offsets> spans = new ArrayList<>();
    offsets.forEach(
        (partition, span) -> spans.add(new Totals.Offsets(partition, span[0], span[1])));
    return new Totals(rows, Totals.hex(lanes), named, spans);
  }
}
