package io.spendwatch.ops.lab.bench.rivals;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import java.nio.ByteBuffer;

/**
 * A row on its way from the Kafka Streams job to the table, as bytes of a record.
 *
 * @param partition of the transaction's record, which came from this offset of it
 */
record StreamsRow(
    int partition,
    long offset,
    Transaction transaction,
    long exposureMinor,
    long balanceMinor,
    long balanceVersion) {

  byte[] encode() {
    byte[][] texts = {
      bytes(transaction.transactionId()),
      bytes(transaction.userId()),
      bytes(transaction.currency()),
      bytes(transaction.merchant()),
      bytes(transaction.originalTransactionId())
    };
    int size = 1 + Integer.BYTES + 6 * Long.BYTES;
    for (byte[] text : texts) {
      size += Short.BYTES + (text == null ? 0 : text.length);
    }
    ByteBuffer encoded =
        ByteBuffer.allocate(size)
            .put((byte) (transaction.kind() == TransactionKind.PURCHASE ? 0 : 1))
            .putInt(partition)
            .putLong(offset)
            .putLong(transaction.amountMinor())
            .putLong(transaction.eventTimeMs())
            .putLong(exposureMinor)
            .putLong(balanceMinor)
            .putLong(balanceVersion);
    for (byte[] text : texts) {
      if (text == null) {
        encoded.putShort((short) -1);
      } else {
        encoded.putShort((short) text.length).put(text);
      }
    }
    return encoded.array();
  }

  static StreamsRow decode(byte[] encoded) {
    ByteBuffer from = ByteBuffer.wrap(encoded);
    TransactionKind kind = from.get() == 0 ? TransactionKind.PURCHASE : TransactionKind.REFUND;
    int partition = from.getInt();
    long offset = from.getLong();
    long amountMinor = from.getLong();
    long eventTimeMs = from.getLong();
    long exposureMinor = from.getLong();
    long balanceMinor = from.getLong();
    long balanceVersion = from.getLong();
    String transactionId = text(from);
    String userId = text(from);
    String currency = text(from);
    return new StreamsRow(
        partition,
        offset,
        new Transaction(
            transactionId,
            userId,
            amountMinor,
            currency,
            eventTimeMs,
            kind,
            text(from),
            text(from)),
        exposureMinor,
        balanceMinor,
        balanceVersion);
  }

  private static byte[] bytes(String text) {
    return text == null ? null : text.getBytes(UTF_8);
  }

  private static String text(ByteBuffer from) {
    short length = from.getShort();
    if (length < 0) {
      return null;
    }
    byte[] text = new byte[length];
    from.get(text);
    return new String(text, UTF_8);
  }
}
