package io.spendwatch.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.protocol.JsonFields.Field;
import io.spendwatch.protocol.JsonFields.Shape;
import java.io.IOException;
import java.time.DateTimeException;
import java.util.Locale;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * The records of the {@code alerts} topic: JSON, with CloudEvents 1.0 headers in binary mode.
 * Stateless and safe for use by many threads.
 */
public final class AlertCodec {

  private static final Shape SHAPE = new Shape();
  private static final Field ALERT_ID = SHAPE.required("alertId");
  private static final Field TYPE = SHAPE.required("type");
  private static final Field RULE = SHAPE.required("rule");
  private static final Field RULE_VERSION = SHAPE.optional("ruleVersion");
  private static final Field EPISODE_ID = SHAPE.required("episodeId");
  private static final Field USER_ID = SHAPE.required("userId");
  private static final Field TRANSACTION_ID = SHAPE.optional("transactionId");
  private static final Field EXPOSURE = SHAPE.required("exposure");
  private static final Field BALANCE = SHAPE.required("balance");
  private static final Field CURRENCY = SHAPE.required("currency");
  private static final Field TRANSACTIONS = SHAPE.required("transactions");
  private static final Field WINDOW_START = SHAPE.required("windowStart");
  private static final Field EVENT_TIME = SHAPE.required("eventTime");
  private static final Field DETECTED_AT = SHAPE.required("detectedAt");
  private static final Field LATE = SHAPE.required("late");
  private static final Field REVEALED_BY = SHAPE.optional("revealedBy");
  private static final Field CAUSE = SHAPE.optional("cause");
  private static final Field SOURCE_TOPIC = SHAPE.required("source.topic");
  private static final Field SOURCE_PARTITION = SHAPE.required("source.partition");
  private static final Field SOURCE_OFFSET = SHAPE.required("source.offset");

  /** Of alerts that say none: they are older than the field. */
  private static final int FIRST_RULE_VERSION = 1;

  private AlertCodec() {}

  /** The bytes are not an alert as this version of the library knows it. */
  public static final class AlertFormatException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    AlertFormatException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /**
   * Encodes the value of a record; its key is the user id as UTF-8.
   *
   * @throws IllegalArgumentException if the currency is unknown
   */
  public static byte[] encode(Alert alert) {
    String currency = alert.currency();
    return Json.object(
        json -> {
          json.writeStringField(ALERT_ID.name(), alert.alertId());
          json.writeStringField(TYPE.name(), alert.type().name());
          json.writeStringField(RULE.name(), alert.rule().id());
          json.writeNumberField(RULE_VERSION.name(), alert.rule().version());
          json.writeStringField(EPISODE_ID.name(), alert.episodeId());
          json.writeStringField(USER_ID.name(), alert.userId());
          json.writeStringField(TRANSACTION_ID.name(), alert.transactionId());
          json.writeStringField(EXPOSURE.name(), Money.format(alert.exposureMinor(), currency));
          json.writeStringField(BALANCE.name(), Money.format(alert.balanceMinor(), currency));
          json.writeStringField(
              "excess",
              Money.formatDifference(alert.exposureMinor(), alert.balanceMinor(), currency));
          json.writeStringField(CURRENCY.name(), currency);
          json.writeNumberField(TRANSACTIONS.name(), alert.transactions());
          json.writeStringField(WINDOW_START.name(), EventTime.format(alert.windowStartMs()));
          json.writeStringField(EVENT_TIME.name(), EventTime.format(alert.eventTimeMs()));
          json.writeStringField(DETECTED_AT.name(), EventTime.format(alert.detectedAtMs()));
          json.writeBooleanField(LATE.name(), alert.late());
          if (alert.revealedBy() != null) {
            json.writeStringField(REVEALED_BY.name(), alert.revealedBy());
          }
          if (alert.cause() != null) {
            json.writeStringField(CAUSE.name(), alert.cause().name());
          }
          json.writeObjectFieldStart("source");
          json.writeStringField("topic", alert.source().topic());
          json.writeNumberField("partition", alert.source().partition());
          json.writeNumberField("offset", alert.source().offset());
          json.writeEndObject();
        });
  }

  /** The CloudEvents headers of an alert's record. */
  public static Headers headers(Alert alert) {
    String type = "spendwatch.alert." + alert.type().name().toLowerCase(Locale.ROOT);
    return new RecordHeaders()
        .add("ce_specversion", "1.0".getBytes(UTF_8))
        .add("ce_id", alert.alertId().getBytes(UTF_8))
        .add("ce_source", ("/spendwatch/" + alert.rule().id()).getBytes(UTF_8))
        .add("ce_type", type.getBytes(UTF_8))
        .add("ce_time", EventTime.format(alert.detectedAtMs()).getBytes(UTF_8))
        .add("ce_subject", alert.userId().getBytes(UTF_8))
        .add("content-type", "application/json".getBytes(UTF_8));
  }

  /**
   * Decodes the value of a record. What can be computed from other fields ({@code excess}) is not
   * read; fields of later versions are ignored.
   *
   * @throws AlertFormatException if the value is null or not an alert; the message says why
   */
  public static Alert decode(byte[] value) {
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
      long eventTimeMs = EventTime.parseMs(fields.text(EVENT_TIME));
      return new Alert(
          fields.text(ALERT_ID),
          AlertType.valueOf(fields.text(TYPE)),
          fields.text(EPISODE_ID),
          fields.text(USER_ID),
          textOrNull(fields, TRANSACTION_ID),
          Money.parseMinor(fields.text(EXPOSURE), currency),
          Money.parseMinor(fields.text(BALANCE), currency),
          currency,
          Integer.parseInt(fields.text(TRANSACTIONS)),
          eventTimeMs,
          EventTime.parseMs(fields.text(DETECTED_AT)),
          Boolean.parseBoolean(fields.text(LATE)),
          textOrNull(fields, REVEALED_BY),
          cause(textOrNull(fields, CAUSE)),
          rule(fields, eventTimeMs),
          new Alert.Source(
              fields.text(SOURCE_TOPIC),
              Integer.parseInt(fields.text(SOURCE_PARTITION)),
              Long.parseLong(fields.text(SOURCE_OFFSET))));
    } catch (IOException | IllegalArgumentException | DateTimeException e) {
      throw new AlertFormatException("not an alert: " + e.getMessage(), e);
    }
  }

  private static Alert.AppliedRule rule(JsonFields fields, long eventTimeMs) {
    String version = textOrNull(fields, RULE_VERSION);
    return new Alert.AppliedRule(
        fields.text(RULE),
        version == null ? FIRST_RULE_VERSION : Integer.parseInt(version),
        eventTimeMs - EventTime.parseMs(fields.text(WINDOW_START)));
  }

  private static AlertCause cause(String name) {
    if (name == null) {
      return null;
    }
    for (AlertCause cause : AlertCause.values()) {
      if (cause.name().equals(name)) {
        return cause;
      }
    }
    return AlertCause.OTHER;
  }

  private static String textOrNull(JsonFields fields, Field field) {
    return fields.has(field) ? fields.text(field) : null;
  }
}
