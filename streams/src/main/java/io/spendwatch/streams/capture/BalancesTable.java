package io.spendwatch.streams.capture;

import io.spendwatch.streams.capture.change.Row;
import io.spendwatch.streams.capture.expression.Amount;
import io.spendwatch.streams.capture.expression.MappedRow;
import io.spendwatch.streams.capture.expression.MappedRow.UnmappableException;
import io.spendwatch.streams.capture.expression.TextTemplate;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A table each of whose rows is a user's account. Immutable.
 *
 * @param skipWhereNull a row says nothing where one of these columns is null
 * @param formerNames what columns were called earlier in the log, by what they are called now
 * @param onDelete nothing can make up for an account that is gone: a dead letter, or nothing
 */
record BalancesTable(
    String table,
    TextTemplate userId,
    Optional<TextTemplate> username,
    Amount balance,
    TextTemplate currency,
    List<String> skipWhereNull,
    Map<String, String> formerNames,
    OnChange onDelete) {

  /**
   * What a row says.
   *
   * @param username null for none
   */
  record Account(String userId, @Nullable String username, long balanceMinor, String currency) {}

  /** All columns that its expressions ask for. */
  Set<String> columns() {
    Set<String> columns = new LinkedHashSet<>(userId.columns());
    username.ifPresent(text -> columns.addAll(text.columns()));
    columns.addAll(balance.columns());
    columns.addAll(currency.columns());
    columns.addAll(skipWhereNull);
    return columns;
  }

  MappedRow row(Row row) {
    return new MappedRow(table, row, formerNames);
  }

  /**
   * What the row says; empty where it says nothing.
   *
   * @throws UnmappableException if the mapping has no answer for it
   */
  Optional<Account> read(MappedRow row) throws UnmappableException {
    for (String column : skipWhereNull) {
      if (row.value(column) == null) {
        return Optional.empty();
      }
    }
    String code = currency.of(row);
    TransactionsTable.checkCurrency(code);
    return Optional.of(
        new Account(
            userId.of(row),
            username.isEmpty() ? null : username.get().ifThere(row).orElse(null),
            balance.minor(row, code),
            code));
  }
}
