package io.spendwatch.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.protocol.JsonFields.Field;
import io.spendwatch.protocol.JsonFields.Shape;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.Instant;

/**
 * Keys and values of the topic {@code sales.metrics}. Stateless and safe for use by many threads.
 */
public final class SalesMetricsCodec {

  private static final Shape SHAPE = new Shape();
  private static final Field MINUTE = SHAPE.required("minute");
  private static final Field MERCHANT = SHAPE.optional("merchant");
  private static final Field CURRENCY = SHAPE.required("currency");
  private static final Field PURCHASES = SHAPE.required("purchases");
  private static final Field PURCHASES_AMOUNT = SHAPE.required("purchasesAmount");
  private static final Field REFUNDS = SHAPE.required("refunds");
  private static final Field REFUNDS_AMOUNT = SHAPE.required("refundsAmount");
  private static final Field REVISION = SHAPE.required("revision");
  private static final Field AS_OF = SHAPE.required("asOf");

  private SalesMetricsCodec() {}

  /** The bytes are no sales metrics as this version of the library knows them. */
  public static final class SalesMetricsFormatException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    SalesMetricsFormatException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /**
   * The record's key, by which the topic is compacted: {@code 2024-07-12T15:57:00Z/USD/m-17}. A
   * merchant may contain anything, so it comes last; without one the key ends with the slash.
   */
  public static byte[] key(SalesMetrics metrics) {
    String merchant = metrics.merchant() == null ? "" : metrics.merchant();
    return (minute(metrics) + "/" + metrics.currency() + "/" + merchant).getBytes(UTF_8);
  }

  /**
   * Encodes the value of a record.
   *
   * @throws IllegalArgumentException if the currency is unknown
   */
  public static byte[] encode(SalesMetrics metrics) {
    String currency = metrics.currency();
    return Json.object(
        json -> {
          json.writeStringField(MINUTE.name(), minute(metrics));
          json.writeStringField(MERCHANT.name(), metrics.merchant());
          json.writeStringField(CURRENCY.name(), currency);
          json.writeNumberField(PURCHASES.name(), metrics.purchases());
          json.writeStringField(
              PURCHASES_AMOUNT.name(), decimal(metrics.purchasesMinor(), currency));
          json.writeNumberField(REFUNDS.name(), metrics.refunds());
          json.writeStringField(REFUNDS_AMOUNT.name(), decimal(metrics.refundsMinor(), currency));
          json.writeNumberField(REVISION.name(), metrics.revision());
          json.writeStringField(AS_OF.name(), EventTime.format(metrics.asOfMs()));
        });
  }

  /**
   * Decodes the value of a record; fields of later versions are ignored.
   *
   * @throws SalesMetricsFormatException if the value is null or something else; the message says
   *     why
   */
  public static SalesMetrics decode(byte[] value) {
    try {
      if (value == null) {
        throw new IllegalArgumentException("no value");
      }
      JsonFields fields = JsonFields.parse(value, SHAPE);
      for (Field field : SHAPE.fields()) {
        if (field.required() && (!fields.has(field) || fields.text(field) == null)) {
          throw new IllegalArgumentException(field.name() + " is missing");
        }
      }
      String currency = fields.text(CURRENCY);
      return new SalesMetrics(
          EventTime.parseMs(fields.text(MINUTE)),
          fields.has(MERCHANT) ? fields.text(MERCHANT) : null,
          currency,
          Long.parseLong(fields.text(PURCHASES)),
          minor(fields.text(PURCHASES_AMOUNT), currency),
          Long.parseLong(fields.text(REFUNDS)),
          minor(fields.text(REFUNDS_AMOUNT), currency),
          Long.parseLong(fields.text(REVISION)),
          EventTime.parseMs(fields.text(AS_OF)));
    } catch (IOException | IllegalArgumentException | ArithmeticException | DateTimeException e) {
      throw new SalesMetricsFormatException("no sales metrics: " + e.getMessage(), e);
    }
  }

  /** With seconds, without decimals: a key has one form. */
  private static String minute(SalesMetrics metrics) {
    return Instant.ofEpochMilli(metrics.minuteMs()).toString();
  }

  private static String decimal(BigInteger minor, String currency) {
    return new BigDecimal(minor, Money.fractionDigits(currency)).toPlainString();
  }

  private static BigInteger minor(String decimal, String currency) {
    return new BigDecimal(decimal)
        .movePointRight(Money.fractionDigits(currency))
        .toBigIntegerExact();
  }
}
