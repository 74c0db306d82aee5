package io.spendwatch.ops.archive.format;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A row's values in the bytes that its digest is of, in the order of the columns: each with its
 * kind and its length, so that no two rows look alike. One object holds one row after the other, so
 * that none of the millions of a day leaves anything behind; who is given it keeps nothing of it.
 * For one thread.
 */
public final class EncodedRow {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

  // Archives have digests of them: they stay as they are.
  private static final byte NULL = 0;
  private static final byte NUMBER = 1;
  private static final byte TRUE = 2;
  private static final byte FALSE = 3;
  private static final byte TEXT = 4;
  private static final byte BYTES = 5;
  private static final byte SHARE = 6;

  private static final int NUMBER_BYTES = 1 + Long.BYTES;
  private static final int PREFIX_BYTES = 1 + Integer.BYTES;

  /** Where each value begins, and the last one ends. */
  private final int[] begins;

  private byte[] bytes = new byte[1024];
  private int columns;

  public EncodedRow(ArchiveTable table) {
    begins = new int[table.columns().size() + 1];
  }

  /** Begins another row. */
  public void clear() {
    columns = 0;
  }

  /** All values of a row, as {@link Column.Type} has them. */
  public EncodedRow set(Object[] row) {
    clear();
    for (Object value : row) {
      switch (value) {
        case null -> addNull();
        case Long number -> addNumber(number);
        case Double share -> addShare(share);
        case Boolean flag -> addFlag(flag);
        case String text -> addText(text.getBytes(UTF_8));
        case byte[] blob -> addBytes(blob);
        default -> throw new IllegalStateException("no value of a row: " + value.getClass());
      }
    }
    return this;
  }

  public void addNull() {
    bytes[room(1)] = NULL;
  }

  public void addNumber(long number) {
    int at = room(NUMBER_BYTES);
    bytes[at] = NUMBER;
    LONG.set(bytes, at + 1, number);
  }

  public void addShare(double share) {
    int at = room(NUMBER_BYTES);
    bytes[at] = SHARE;
    LONG.set(bytes, at + 1, Double.doubleToLongBits(share));
  }

  public void addFlag(boolean flag) {
    bytes[room(1)] = flag ? TRUE : FALSE;
  }

  /** A text's UTF-8, out of an array. */
  public void addText(byte[] from, int at, int length) {
    addBytes(TEXT, from, at, length);
  }

  void addText(byte[] text) {
    addText(text, 0, text.length);
  }

  /** Bytes, out of an array. */
  public void addBytes(byte[] from, int at, int length) {
    addBytes(BYTES, from, at, length);
  }

  void addBytes(byte[] blob) {
    addBytes(blob, 0, blob.length);
  }

  private void addBytes(byte kind, byte[] from, int fromAt, int length) {
    int at = room(PREFIX_BYTES + length);
    bytes[at] = kind;
    INT.set(bytes, at + 1, length);
    System.arraycopy(from, fromAt, bytes, at + PREFIX_BYTES, length);
  }

  /** Where the next value begins; there is room for it. */
  private int room(int length) {
    int at = begins[columns++];
    int end = at + length;
    if (end > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, end));
    }
    begins[columns] = end;
    return at;
  }

  boolean isNull(int column) {
    return bytes[begins[column]] == NULL;
  }

  /** A number. */
  long number(int column) {
    return (long) LONG.get(bytes, begins[column] + 1);
  }

  double share(int column) {
    return Double.longBitsToDouble(number(column));
  }

  boolean flag(int column) {
    return bytes[begins[column]] == TRUE;
  }

  /** Of a text, its UTF-8, or of bytes; a copy. */
  byte[] bytes(int column) {
    return Arrays.copyOfRange(bytes, begins[column] + PREFIX_BYTES, begins[column + 1]);
  }

  /** All of it, up to {@link #length}. */
  byte[] array() {
    return bytes;
  }

  int length() {
    return begins[columns];
  }
}
