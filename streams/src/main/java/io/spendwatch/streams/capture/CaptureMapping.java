package io.spendwatch.streams.capture;

import static io.spendwatch.streams.base.ConfigSection.check;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.streams.capture.change.ColumnType;
import io.spendwatch.streams.capture.expression.KindRule;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * Which tables of a business database are transactions and balances, and what their columns mean.
 * Immutable.
 */
public final class CaptureMapping {
  /** The settings that it reads. */
  public static final List<String> LISTS =
      List.of("purchases", "refunds", "transactions", "balances");

  /** No table is anything. */
  public static final CaptureMapping NONE = new CaptureMapping(Map.of(), Map.of());

  private final Map<String, TransactionsTable> transactions;
  private final Map<String, BalancesTable> balances;

  private CaptureMapping(
      Map<String, TransactionsTable> transactions, Map<String, BalancesTable> balances) {
    this.transactions = transactions;
    this.balances = balances;
  }

  /**
   * Reads {@code purchases}, {@code refunds}, {@code transactions} and {@code balances}, each a
   * list of tables.
   *
   * @param capture the section that has them
   * @throws IllegalArgumentException or {@link ConfigException} naming the setting that is missing,
   *     unknown or out of its range
   */
  public static CaptureMapping from(Config capture) {
    Map<String, TransactionsTable> transactions = new LinkedHashMap<>();
    Map<String, BalancesTable> balances = new LinkedHashMap<>();
    KindRule purchases = new KindRule.Always(TransactionKind.PURCHASE);
    KindRule refunds = new KindRule.Always(TransactionKind.REFUND);
    each(capture, "balances", (path, table) -> add(balances, path, table, table.balancesTable()));
    each(
        capture,
        "purchases",
        (path, table) ->
            add(transactions, path, table, table.transactionsTable(Optional.of(purchases))));
    each(
        capture,
        "refunds",
        (path, table) ->
            add(transactions, path, table, table.transactionsTable(Optional.of(refunds))));
    each(
        capture,
        "transactions",
        (path, table) -> add(transactions, path, table, table.transactionsTable(Optional.empty())));
    check(
        !transactions.isEmpty() || !balances.isEmpty(),
        "capture",
        "no table",
        "some in purchases, refunds, transactions or balances");
    return new CaptureMapping(transactions, balances);
  }

  /** All tables that are mapped; those of balances first. */
  public Set<String> tables() {
    Set<String> tables = new LinkedHashSet<>(balances.keySet());
    tables.addAll(transactions.keySet());
    return tables;
  }

  /** Those of which the log has to have a changed row as it was, too. */
  public Set<String> tablesThatNeedFormerRows() {
    Set<String> tables = new LinkedHashSet<>();
    transactions.forEach(
        (name, table) -> {
          if (table.needsFormerRow()) {
            tables.add(name);
          }
        });
    return tables;
  }

  /** All columns of a table that it asks, in no particular order; empty for another table. */
  public Set<String> columns(String table) {
    Set<String> columns = new LinkedHashSet<>();
    balances(table).ifPresent(mapped -> columns.addAll(mapped.columns()));
    transactions(table).ifPresent(mapped -> columns.addAll(mapped.columns()));
    return columns;
  }

  /** In the order of the settings. */
  Collection<TransactionsTable> transactionsTables() {
    return transactions.values();
  }

  Optional<TransactionsTable> transactions(String table) {
    return Optional.ofNullable(transactions.get(table));
  }

  Optional<BalancesTable> balances(String table) {
    return Optional.ofNullable(balances.get(table));
  }

  /**
   * What of the mapping does not fit the database, each in one line; empty where all of it does.
   *
   * @param schema of each table that there is, its columns by their names
   */
  public List<String> misfits(Map<String, Map<String, ColumnType>> schema) {
    var misfits = new MappingMisfits(schema);
    for (String table : tables()) {
      if (misfits.isThere(table)) {
        balances(table).ifPresent(misfits::add);
        transactions(table).ifPresent(misfits::add);
      }
    }
    return misfits.found();
  }

  private static void each(Config capture, String list, BiConsumer<String, TableSection> body) {
    if (!capture.hasPath(list)) {
      return;
    }
    List<? extends Config> tables = capture.getConfigList(list);
    for (int i = 0; i < tables.size(); i++) {
      // As people count.
      String path = "capture." + list + "." + (i + 1);
      TableSection table = new TableSection(path, tables.get(i));
      body.accept(path, table);
      table.rejectUnknown();
    }
  }

  private static <T> void add(Map<String, T> tables, String path, TableSection section, T table) {
    String name = section.text("table");
    check(
        tables.putIfAbsent(name, table) == null,
        path + ".table",
        name,
        "no table that is named before");
  }
}
