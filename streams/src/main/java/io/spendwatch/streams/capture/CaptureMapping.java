package io.spendwatch.streams.capture;

import static io.spendwatch.streams.base.ConfigSection.check;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigValueType;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.streams.base.ConfigSection;
import io.spendwatch.streams.base.Spelling;
import io.spendwatch.streams.capture.change.ColumnType;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
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
    each(capture, "balances", (path, table) -> add(balances, path, table, balancesTable(table)));
    each(
        capture,
        "purchases",
        (path, table) ->
            add(transactions, path, table, transactionsTable(table, Optional.of(purchases))));
    each(
        capture,
        "refunds",
        (path, table) ->
            add(transactions, path, table, transactionsTable(table, Optional.of(refunds))));
    each(
        capture,
        "transactions",
        (path, table) ->
            add(transactions, path, table, transactionsTable(table, Optional.empty())));
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
    balances(table).ifPresent(mapped -> columns.addAll(columns(mapped)));
    transactions(table).ifPresent(mapped -> columns.addAll(columns(mapped)));
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
    List<String> misfits = new ArrayList<>();
    for (String table : tables()) {
      Map<String, ColumnType> columns = schema.get(table);
      if (columns == null) {
        misfits.add("there is no table " + table + meant(table, schema.keySet()));
      } else {
        Optional.ofNullable(balances.get(table))
            .ifPresent(mapped -> addMisfits(misfits, table, columns(mapped), columns));
        Optional.ofNullable(balances.get(table))
            .ifPresent(mapped -> addInexact(misfits, table, mapped.balance(), columns));
        Optional.ofNullable(transactions.get(table))
            .ifPresent(mapped -> addMisfits(misfits, table, mapped, columns));
      }
    }
    return misfits;
  }

  private static void addMisfits(
      List<String> misfits,
      String table,
      TransactionsTable mapped,
      Map<String, ColumnType> columns) {
    addMisfits(misfits, table, columns(mapped), columns);
    addInexact(misfits, table, mapped.amount(), columns);
    switch (mapped.eventTime()) {
      case EventTimeColumn.Moment moment -> addMisfit(misfits, table, moment, columns);
      case EventTimeColumn.DayAndTime(String day, String time, _) -> {
        addMistyped(
            misfits,
            table,
            day,
            columns,
            "a date or a Julian day number",
            Set.of(ColumnType.DATE, ColumnType.LOCAL_DATE_TIME, ColumnType.INTEGER));
        addMistyped(
            misfits,
            table,
            time,
            columns,
            "a time or a second of the day",
            Set.of(ColumnType.TIME, ColumnType.INTEGER));
      }
    }
  }

  private static void addMisfits(
      List<String> misfits, String table, Set<String> asked, Map<String, ColumnType> columns) {
    for (String column : asked) {
      if (!columns.containsKey(column)) {
        misfits.add(
            "table " + table + " has no column " + column + meant(column, columns.keySet()));
      }
    }
  }

  private static void addInexact(
      List<String> misfits, String table, Amount amount, Map<String, ColumnType> columns) {
    for (String column : amount.columns()) {
      addMistyped(
          misfits,
          table,
          column,
          columns,
          "an exact number: DECIMAL, NUMERIC or an integer",
          Set.of(ColumnType.INTEGER, ColumnType.DECIMAL));
    }
  }

  private static void addMisfit(
      List<String> misfits,
      String table,
      EventTimeColumn.Moment moment,
      Map<String, ColumnType> columns) {
    String column = moment.column();
    addMistyped(
        misfits,
        table,
        column,
        columns,
        "a point in time, a local one, a date or an integer",
        Set.of(
            ColumnType.INSTANT,
            ColumnType.LOCAL_DATE_TIME,
            ColumnType.DATE,
            ColumnType.INTEGER,
            ColumnType.DECIMAL));
    ColumnType type = columns.get(column);
    boolean isLocal = type == ColumnType.LOCAL_DATE_TIME || type == ColumnType.DATE;
    if (isLocal && moment.zone().isEmpty()) {
      misfits.add(
          "column "
              + column
              + " of table "
              + table
              + " has no zone: say in event-time which it is,"
              + " such as zone = \"Europe/Berlin\"");
    }
    boolean isNumber = type == ColumnType.INTEGER || type == ColumnType.DECIMAL;
    if (isNumber && moment.unit().isEmpty()) {
      misfits.add(
          "column "
              + column
              + " of table "
              + table
              + " is a number: say in event-time what it"
              + " counts since 1970: unit = seconds, milliseconds or microseconds");
    }
  }

  private static void addMistyped(
      List<String> misfits,
      String table,
      String column,
      Map<String, ColumnType> columns,
      String expected,
      Set<ColumnType> types) {
    ColumnType type = columns.get(column);
    if (type != null && !types.contains(type)) {
      misfits.add(
          "column "
              + column
              + " of table "
              + table
              + " is of type "
              + type.name().toLowerCase(Locale.ROOT).replace('_', ' ')
              + " (expected: "
              + expected
              + ")");
    }
  }

  private static String meant(String word, Set<String> known) {
    return Spelling.nearest(word, known).map(near -> " (did you mean " + near + "?)").orElse("");
  }

  /** All columns that the table's expressions ask for. */
  static Set<String> columns(TransactionsTable table) {
    Set<String> columns = new LinkedHashSet<>(table.id().columns());
    columns.addAll(table.userId().columns());
    columns.addAll(table.amount().columns());
    columns.addAll(table.currency().columns());
    columns.addAll(table.kind().columns());
    columns.addAll(table.eventTime().columns());
    table.merchant().ifPresent(text -> columns.addAll(text.columns()));
    table.original().ifPresent(text -> columns.addAll(text.columns()));
    columns.addAll(table.skipWhereNull());
    return columns;
  }

  /** Likewise. */
  static Set<String> columns(BalancesTable table) {
    Set<String> columns = new LinkedHashSet<>(table.userId().columns());
    table.username().ifPresent(text -> columns.addAll(text.columns()));
    columns.addAll(table.balance().columns());
    columns.addAll(table.currency().columns());
    columns.addAll(table.skipWhereNull());
    return columns;
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

  private static TransactionsTable transactionsTable(TableSection table, Optional<KindRule> kind) {
    return new TransactionsTable(
        table.text("table"),
        table.template("id"),
        table.template("user-id"),
        table.amount("amount"),
        table.template("currency"),
        kind.orElseGet(table::kind),
        table.eventTime(),
        table.ifTemplate("merchant"),
        table.ifTemplate("original-transaction-id"),
        table.texts("skip-where-null"),
        table.renamed(),
        table.onChange("on-update"),
        table.onChange("on-delete"));
  }

  private static BalancesTable balancesTable(TableSection table) {
    OnChange onDelete = table.onChange("on-delete", OnChange.DEAD_LETTER);
    check(
        onDelete != OnChange.CORRECT,
        table.path + ".on-delete",
        "correct",
        "dead-letter or ignore: nothing makes up for an account that is gone");
    return new BalancesTable(
        table.text("table"),
        table.template("user-id"),
        table.ifTemplate("username"),
        table.amount("balance"),
        table.template("currency"),
        table.texts("skip-where-null"),
        table.renamed(),
        onDelete);
  }

  /** The settings of one table. */
  private static final class TableSection {
    private final String path;
    private final Config config;
    private final ConfigSection section;

    TableSection(String path, Config config) {
      this.path = path;
      this.config = config;
      this.section = ConfigSection.of(config.atPath(path), path);
    }

    String text(String key) {
      return section.string(key);
    }

    TextTemplate template(String key) {
      return TextTemplate.parse(path + "." + key, section.string(key));
    }

    Optional<TextTemplate> ifTemplate(String key) {
      return section.has(key) ? Optional.of(template(key)) : Optional.empty();
    }

    List<String> texts(String key) {
      return section.has(key) ? section.strings(key) : List.of();
    }

    Amount amount(String key) {
      String unitKey = key + "-unit";
      String unit = section.has(unitKey) ? section.string(unitKey) : "major";
      check(
          unit.equals("major") || unit.equals("minor"),
          path + "." + unitKey,
          unit,
          "major (such as dollars) or minor (cents)");
      return Amount.parse(
          path + "." + key,
          section.strings(key),
          unit.equals("minor") ? Amount.Unit.MINOR : Amount.Unit.MAJOR);
    }

    OnChange onChange(String key) {
      return onChange(key, OnChange.CORRECT);
    }

    OnChange onChange(String key, OnChange otherwise) {
      return section.has(key) ? OnChange.named(path + "." + key, section.string(key)) : otherwise;
    }

    Map<String, String> renamed() {
      return section.has("renamed") ? section.flat("renamed") : Map.of();
    }

    KindRule kind() {
      ConfigSection kind = section.section("kind");
      KindRule rule;
      if (kind.has("positive")) {
        rule = new KindRule.BySign(named(kind.path() + ".positive", kind.string("positive")));
      } else {
        rule =
            new KindRule.ByColumn(
                kind.string("column"),
                Set.copyOf(kind.has("purchases") ? kind.strings("purchases") : List.of()),
                Set.copyOf(kind.has("refunds") ? kind.strings("refunds") : List.of()),
                Set.copyOf(kind.has("ignored") ? kind.strings("ignored") : List.of()));
      }
      kind.rejectUnknown();
      return rule;
    }

    private static TransactionKind named(String key, String kind) {
      for (TransactionKind each : TransactionKind.values()) {
        if (each.name().equals(kind)) {
          return each;
        }
      }
      check(false, key, kind, "PURCHASE or REFUND");
      return TransactionKind.PURCHASE;
    }

    EventTimeColumn eventTime() {
      String key = "event-time";
      if (config.hasPath(key) && config.getValue(key).valueType() != ConfigValueType.OBJECT) {
        return new EventTimeColumn.Moment(section.string(key), Optional.empty(), Optional.empty());
      }
      ConfigSection time = section.section(key);
      EventTimeColumn column;
      if (time.has("day")) {
        column =
            new EventTimeColumn.DayAndTime(time.string("day"), time.string("time"), zone(time));
      } else {
        column =
            new EventTimeColumn.Moment(
                time.string("column"),
                time.has("zone") ? Optional.of(zone(time)) : Optional.empty(),
                time.has("unit") ? Optional.of(unit(time)) : Optional.empty());
      }
      time.rejectUnknown();
      return column;
    }

    private static ZoneId zone(ConfigSection time) {
      String zone = time.string("zone");
      try {
        return ZoneId.of(zone);
      } catch (DateTimeException e) {
        throw new IllegalArgumentException(
            time.path()
                + ".zone: "
                + zone
                + " (expected: UTC, an offset such as +02:00, or a zone such as Europe/Berlin)",
            e);
      }
    }

    private static EventTimeColumn.Unit unit(ConfigSection time) {
      String word = time.string("unit");
      for (EventTimeColumn.Unit each : EventTimeColumn.Unit.values()) {
        if (each.name().toLowerCase(Locale.ROOT).equals(word)) {
          return each;
        }
      }
      check(false, time.path() + ".unit", word, "seconds, milliseconds or microseconds");
      return EventTimeColumn.Unit.MILLISECONDS;
    }

    void rejectUnknown() {
      section.rejectUnknown();
    }
  }
}
