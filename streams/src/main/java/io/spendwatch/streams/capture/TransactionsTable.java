package io.spendwatch.streams.capture;

import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Money;
import io.spendwatch.streams.capture.change.Row;
import io.spendwatch.streams.capture.expression.Amount;
import io.spendwatch.streams.capture.expression.EventTimeColumn;
import io.spendwatch.streams.capture.expression.KindRule;
import io.spendwatch.streams.capture.expression.MappedRow;
import io.spendwatch.streams.capture.expression.MappedRow.UnmappableException;
import io.spendwatch.streams.capture.expression.TextTemplate;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A table each of whose rows is a purchase or a refund. Immutable.
 *
 * @param id unique among all transactions of the user
 * @param amount before {@code kind} gives it its sign
 * @param original what a refund refers to, and a correction if it has none
 * @param skipWhereNull a row counts nothing where one of these columns is null
 * @param formerNames what columns were called earlier in the log, by what they are called now
 */
record TransactionsTable(
    String table,
    TextTemplate id,
    TextTemplate userId,
    Amount amount,
    TextTemplate currency,
    KindRule kind,
    EventTimeColumn eventTime,
    Optional<TextTemplate> merchant,
    Optional<TextTemplate> original,
    List<String> skipWhereNull,
    Map<String, String> formerNames,
    OnChange onUpdate,
    OnChange onDelete) {

  /**
   * What a row stands for.
   *
   * @param signedMinor with the sign that it has in the exposure
   * @param merchant null for none
   * @param originalId null for none
   */
  record Entry(
      String id,
      String userId,
      String currency,
      long signedMinor,
      long eventTimeMs,
      @Nullable String merchant,
      @Nullable String originalId) {

    /** Whether one of them can be made the other by an amount. */
    boolean differsInAmountOnly(Entry other) {
      return id.equals(other.id)
          && userId.equals(other.userId)
          && currency.equals(other.currency)
          && eventTimeMs == other.eventTimeMs;
    }
  }

  /** Whether the row as it was is needed for what is done about changes. */
  boolean needsFormerRow() {
    return onUpdate != OnChange.IGNORE || onDelete != OnChange.IGNORE;
  }

  /** All columns that its expressions ask for. */
  Set<String> columns() {
    Set<String> columns = new LinkedHashSet<>(id.columns());
    columns.addAll(userId.columns());
    columns.addAll(amount.columns());
    columns.addAll(currency.columns());
    columns.addAll(kind.columns());
    columns.addAll(eventTime.columns());
    merchant.ifPresent(text -> columns.addAll(text.columns()));
    original.ifPresent(text -> columns.addAll(text.columns()));
    columns.addAll(skipWhereNull);
    return columns;
  }

  MappedRow row(Row row) {
    return new MappedRow(table, row, formerNames);
  }

  /**
   * What the row stands for; empty where it counts nothing.
   *
   * @throws UnmappableException if the mapping has no answer for it
   */
  Optional<Entry> read(MappedRow row) throws UnmappableException {
    for (String column : skipWhereNull) {
      if (row.value(column) == null) {
        return Optional.empty();
      }
    }
    String code = currency.of(row);
    checkCurrency(code);
    OptionalLong signedMinor = kind.signedMinor(row, amount, code);
    if (signedMinor.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new Entry(
            id.of(row),
            userId.of(row),
            code,
            signedMinor.getAsLong(),
            eventTime.epochMs(row),
            textOf(merchant, row),
            textOf(original, row)));
  }

  static void checkCurrency(String code) throws UnmappableException {
    if (!Money.isCurrency(code)) {
      throw new UnmappableException(
          DeadLetterReason.BAD_CURRENCY, "currency " + code + " (expected: an ISO 4217 code)");
    }
  }

  private static @Nullable String textOf(Optional<TextTemplate> template, MappedRow row)
      throws UnmappableException {
    return template.isEmpty() ? null : template.get().ifThere(row).orElse(null);
  }
}
