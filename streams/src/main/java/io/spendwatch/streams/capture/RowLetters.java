package io.spendwatch.streams.capture;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.streams.capture.Captured.Kind;
import io.spendwatch.streams.capture.Captured.PutAside;
import io.spendwatch.streams.capture.change.Change;
import io.spendwatch.streams.capture.change.Change.Deleted;
import io.spendwatch.streams.capture.change.Change.Inserted;
import io.spendwatch.streams.capture.change.Change.Snapshotted;
import io.spendwatch.streams.capture.change.Change.Truncated;
import io.spendwatch.streams.capture.change.Change.Updated;
import io.spendwatch.streams.capture.change.Row;
import io.spendwatch.streams.capture.expression.ColumnGoneException;
import io.spendwatch.streams.capture.expression.MappedRow;
import io.spendwatch.streams.capture.expression.MappedRow.UnmappableException;
import io.spendwatch.streams.capture.expression.TextTemplate;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Dead letters of one change of a row: each shows the row as far as it is mapped, since no other
 * column leaves the database. Stateless.
 *
 * @param userId gives the letter its key
 * @param columns that are mapped; asked for a letter only, since most changes have none
 * @param mapped a row under its table's mapping
 */
record RowLetters(
    Kind kind,
    Change change,
    TextTemplate userId,
    Supplier<Set<String>> columns,
    Function<Row, MappedRow> mapped) {
  private static final JsonFactory JSON = new JsonFactory();

  /** Of a value that a letter shows. */
  private static final int SHOWN_CHARACTERS_MAX = 256;

  /**
   * A letter.
   *
   * @param message what is the matter with a row, for people
   * @param row null where the change says none
   */
  PutAside of(DeadLetterReason reason, String message, @Nullable Row row) {
    return new PutAside(
        kind,
        row == null ? Optional.empty() : key(row),
        json(row),
        reason,
        "a row of " + change.table() + ": " + message,
        change.table(),
        change.at());
  }

  private Optional<String> key(Row row) {
    try {
      return userId.ifThere(mapped.apply(row));
    } catch (UnmappableException | ColumnGoneException e) {
      return Optional.empty();
    }
  }

  private String json(@Nullable Row row) {
    var bytes = new ByteArrayOutputStream(256);
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      json.writeStringField("table", change.table());
      json.writeStringField("change", word(change));
      json.writeStringField("position", change.at().text());
      if (row != null) {
        json.writeObjectFieldStart("row");
        for (String column : columns.get()) {
          if (row.columns().containsKey(column)) {
            write(json, column, row.columns().get(column));
          }
        }
        json.writeEndObject();
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toString(UTF_8);
  }

  private static String word(Change change) {
    return switch (change) {
      case Snapshotted _ -> "snapshot";
      case Inserted _ -> "insert";
      case Updated _ -> "update";
      case Deleted _ -> "delete";
      case Truncated _ -> "truncate";
    };
  }

  private static void write(JsonGenerator json, String column, @Nullable Object value)
      throws IOException {
    switch (value) {
      case null -> json.writeNullField(column);
      case Long number -> json.writeNumberField(column, number);
      case Boolean truth -> json.writeBooleanField(column, truth);
      case BigDecimal decimal -> json.writeStringField(column, shortened(decimal.toPlainString()));
      default -> json.writeStringField(column, shortened(value.toString()));
    }
  }

  /** Also makes of an unpaired surrogate what JSON can hold. */
  private static String shortened(String text) {
    String whole = new String(text.getBytes(UTF_8), UTF_8);
    return whole.codePointCount(0, whole.length()) <= SHOWN_CHARACTERS_MAX
        ? whole
        : whole.substring(0, whole.offsetByCodePoints(0, SHOWN_CHARACTERS_MAX)) + "…";
  }
}
