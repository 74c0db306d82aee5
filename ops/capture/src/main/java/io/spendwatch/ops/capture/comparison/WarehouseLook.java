package io.spendwatch.ops.capture.comparison;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.audit.source.SourceFinding;
import io.spendwatch.ops.audit.source.WarehouseReport;
import io.spendwatch.ops.capture.config.CaptureConfig;
import io.spendwatch.ops.capture.config.SourceAddress;
import io.spendwatch.ops.capture.config.SourceTable;
import io.spendwatch.ops.capture.config.WarehouseConfig;
import io.spendwatch.ops.capture.source.BusinessDatabase;
import io.spendwatch.ops.capture.warehouse.WarehouseColumns;
import io.spendwatch.ops.capture.warehouse.WarehousePlan;
import io.spendwatch.ops.capture.warehouse.WarehouseTypes.Form;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * One look at a business database, and then at its warehouse, each as of one moment. Memory: 32
 * bytes a row, sums for each day, and what differs, up to a bound. For one thread.
 */
final class WarehouseLook {
  /** Rows that are told apart. */
  private static final int DETAILS_MAX = 10_000;

  private static final int FETCH_ROWS = 5_000;

  /** In place of a day. */
  private static final String NO_DAY = "none";

  private final CaptureConfig config;
  private final BusinessDatabase database;
  private final Optional<LongSums> before;
  private final LongSums differences = new LongSums();
  private final List<TableLook> tables = new ArrayList<>();
  private boolean more;
  private int details;

  /** What there is of one table, at both ends. */
  private static final class TableLook {
    private final WarehousePlan.Table plan;
    private final List<WarehousePlan.Column> columns;
    private final int[] key;
    private final int[] numbers;
    private final Optional<Integer> day;
    private final int place;
    private final Map<String, DaySums> days = new TreeMap<>();
    private final Map<List<String>, Entry> entries = new LinkedHashMap<>();
    private long rowsThere;
    private long rowsHere;

    private TableLook(CaptureConfig config, WarehousePlan.Table plan, int place) {
      this.plan = plan;
      this.place = place;
      this.columns = plan.shared();
      List<String> names = columns.stream().map(WarehousePlan.Column::name).toList();
      this.key = plan.key().stream().mapToInt(names::indexOf).toArray();
      this.numbers =
          IntStream.range(0, columns.size())
              .filter(i -> form(i) == Form.NUMBER && !plan.key().contains(names.get(i)))
              .toArray();
      this.day = dayColumn(config, names);
    }

    /** That which is set, or the one that the mapping has as event time. */
    private Optional<Integer> dayColumn(CaptureConfig config, List<String> names) {
      if (plan.settings().day().isPresent()) {
        return plan.settings().day().map(names::indexOf).filter(i -> i >= 0);
      }
      return config.mapping().columns(plan.settings().source()).stream()
          .map(names::indexOf)
          .filter(i -> i >= 0 && isTime(form(i)))
          .findFirst();
    }

    private static boolean isTime(Form form) {
      return form == Form.DATE || form == Form.LOCAL || form == Form.INSTANT;
    }

    private Form form(int column) {
      return columns.get(column).rule().orElseThrow().form();
    }

    private List<String> key(String[] row) {
      return Arrays.stream(key).mapToObj(i -> row[i]).toList();
    }

    private DaySums day(String[] row) {
      return days.computeIfAbsent(dayOf(row), _ -> new DaySums(numbers.length));
    }

    private String dayOf(String[] row) {
      return day.map(i -> row[i])
          .map(text -> text.length() > 10 ? text.substring(0, 10) : text)
          .orElse(NO_DAY);
    }
  }

  /** Rows and sums of a day, at both ends. */
  private static final class DaySums {
    private final BigDecimal[] there;
    private final BigDecimal[] here;
    private long rowsThere;
    private long rowsHere;

    private DaySums(int columns) {
      there = new BigDecimal[columns];
      here = new BigDecimal[columns];
      Arrays.fill(there, BigDecimal.ZERO);
      Arrays.fill(here, BigDecimal.ZERO);
    }
  }

  /** A row that differed at the look before; null where there is none. */
  private static final class Entry {
    private String[] there;
    private String[] here;
  }

  /**
   * Looks at nothing yet.
   *
   * @param before by how much rows differed when they were looked at first: what differs as it did
   *     is told in detail
   */
  WarehouseLook(CaptureConfig config, BusinessDatabase database, Optional<LongSums> before) {
    this.config = config;
    this.database = database;
    this.before = before;
  }

  /**
   * Reads both. Blocks.
   *
   * @throws OperatorException if a database refuses, or is away, or a table does not fit
   */
  void take() {
    WarehouseConfig warehouse = config.warehouse().orElseThrow();
    Map<String, SourceTable> sources;
    try {
      sources = database.tables(warehouse.sources());
    } catch (SQLException e) {
      throw new OperatorException(config.source() + ": " + e.getMessage(), e);
    }
    try (Connection here = warehouse.address().connect("spendwatch audit", WarehouseConfig.URI)) {
      here.setAutoCommit(false);
      here.setReadOnly(true);
      here.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      WarehousePlan plan = plan(sources, here);
      // The moment of the warehouse is that of its first question: after the business database.
      here.commit();
      for (WarehousePlan.Table table : plan.tables()) {
        tables.add(new TableLook(config, table, tables.size()));
      }
      readSource();
      try (Statement statement = here.createStatement()) {
        for (TableLook table : tables) {
          read(statement, table, false);
        }
      }
    } catch (SQLException e) {
      throw new OperatorException(warehouse + ": " + e.getMessage(), e);
    }
  }

  private WarehousePlan plan(Map<String, SourceTable> sources, Connection here)
      throws SQLException {
    WarehousePlan plan = WarehousePlan.of(config, sources, here);
    List<String> misfits = new ArrayList<>(plan.misfits());
    plan.tables().stream()
        .filter(WarehousePlan.Table::isMissing)
        .forEach(table -> misfits.add("the warehouse has no table " + table.target()));
    if (!misfits.isEmpty()) {
      throw new OperatorException(String.join("; ", misfits));
    }
    return plan;
  }

  private void readSource() {
    try (Connection there = database.snapshot();
        Statement statement = there.createStatement()) {
      if (config.source().product() == SourceAddress.Product.POSTGRESQL) {
        statement.execute(
            "SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres'");
      }
      for (TableLook table : tables) {
        read(statement, table, true);
      }
    } catch (SQLException e) {
      throw new OperatorException(config.source() + ": " + e.getMessage(), e);
    }
  }

  private void read(Statement statement, TableLook table, boolean isThere) throws SQLException {
    SourceAddress.Product product = config.source().product();
    String expressions =
        table.columns.stream()
            .map(
                column -> {
                  Form form = column.rule().orElseThrow().form();
                  return isThere
                      ? WarehouseColumns.there(product, form, database.quoted(column.name()))
                      : WarehouseColumns.here(product, form, WarehouseConfig.quoted(column.name()));
                })
            .collect(Collectors.joining(", "));
    String name =
        isThere ? database.quotedTable(table.plan.settings().source()) : table.plan.target();
    statement.setFetchSize(FETCH_ROWS);
    String[] row = new String[table.columns.size()];
    try (ResultSet rows = statement.executeQuery("SELECT " + expressions + " FROM " + name)) {
      while (rows.next()) {
        for (int i = 0; i < row.length; i++) {
          row[i] = WarehouseColumns.canonical(table.form(i), rows.getString(i + 1));
        }
        take(table, row, isThere);
      }
    }
  }

  private void take(TableLook table, String[] row, boolean isThere) {
    long key = table.place;
    for (int i : table.key) {
      key = Hash64.fold(key, row[i]);
    }
    long whole = 1;
    for (String value : row) {
      whole = value == null ? Hash64.mixed(whole + 1) : Hash64.fold(whole, value);
    }
    differences.add(key, isThere ? whole | 1 : -(whole | 1));
    DaySums sums = table.day(row);
    if (isThere) {
      table.rowsThere++;
      sums.rowsThere++;
    } else {
      table.rowsHere++;
      sums.rowsHere++;
    }
    add(isThere ? sums.there : sums.here, table, row);
    if (differedBefore(key)) {
      keep(table, row, isThere);
    }
  }

  private static void add(BigDecimal[] sums, TableLook table, String[] row) {
    for (int i = 0; i < sums.length; i++) {
      String value = row[table.numbers[i]];
      // Neither null nor what is no number adds to a sum.
      if (value != null && !Character.isLetter(value.charAt(value.length() - 1))) {
        sums[i] = sums[i].add(new BigDecimal(value));
      }
    }
  }

  private void keep(TableLook table, String[] row, boolean isThere) {
    List<String> key = table.key(row);
    Entry entry = table.entries.get(key);
    if (entry == null) {
      if (details >= DETAILS_MAX) {
        more = true;
        return;
      }
      details++;
      entry = new Entry();
      table.entries.put(key, entry);
    }
    if (isThere) {
      entry.there = row.clone();
    } else {
      entry.here = row.clone();
    }
  }

  private boolean differedBefore(long key) {
    return before.map(sums -> sums.sum(key) != 0).orElse(false);
  }

  /** By how much rows differ. */
  LongSums differences() {
    return differences;
  }

  /** Whether some that differ were not told apart. */
  boolean hasMore() {
    return more;
  }

  /** Rows that differ as they did before. */
  List<WarehouseReport.Finding> findings() {
    List<WarehouseReport.Finding> findings = new ArrayList<>();
    for (TableLook table : tables) {
      table.entries.forEach(
          (key, entry) -> {
            if (stillDiffers(table, key)) {
              findings.add(finding(table, key, entry));
            }
          });
    }
    return findings;
  }

  private boolean stillDiffers(TableLook table, List<String> key) {
    long hash = table.place;
    for (String part : key) {
      hash = Hash64.fold(hash, part);
    }
    long now = differences.sum(hash);
    return now != 0 && before.orElseThrow().sum(hash) == now;
  }

  private static WarehouseReport.Finding finding(TableLook table, List<String> key, Entry entry) {
    List<String> columns = new ArrayList<>();
    SourceFinding.Kind kind;
    if (entry.here == null) {
      kind = SourceFinding.Kind.MISSING;
    } else if (entry.there == null) {
      kind = SourceFinding.Kind.EXTRA;
    } else {
      kind = SourceFinding.Kind.DIFFERENT;
      for (int i = 0; i < entry.there.length; i++) {
        if (!Objects.equals(entry.there[i], entry.here[i])) {
          columns.add(table.columns.get(i).name());
        }
      }
    }
    return new WarehouseReport.Finding(kind, table.plan.settings().source(), key, columns);
  }

  /** The tables, with the days that rows which differ as before are of. */
  List<WarehouseReport.Table> tables() {
    List<WarehouseReport.Table> found = new ArrayList<>();
    for (TableLook table : tables) {
      var differing = new TreeSet<String>();
      table.entries.forEach(
          (key, entry) -> {
            if (stillDiffers(table, key)) {
              Optional.ofNullable(entry.there).map(table::dayOf).ifPresent(differing::add);
              Optional.ofNullable(entry.here).map(table::dayOf).ifPresent(differing::add);
            }
          });
      found.add(
          new WarehouseReport.Table(
              table.plan.settings().source(),
              table.plan.target(),
              table.rowsThere,
              table.rowsHere,
              table.day.map(i -> table.columns.get(i).name()).orElse(null),
              table.day.isPresent() ? table.days.size() : 0,
              differing.stream().map(day -> day(table, day)).toList()));
    }
    return found;
  }

  private static WarehouseReport.Day day(TableLook table, String day) {
    DaySums sums = table.days.get(day);
    List<WarehouseReport.Sum> columns = new ArrayList<>();
    for (int i = 0; i < table.numbers.length; i++) {
      columns.add(
          new WarehouseReport.Sum(
              table.columns.get(table.numbers[i]).name(),
              sums.there[i].toPlainString(),
              sums.here[i].toPlainString()));
    }
    return new WarehouseReport.Day(day, sums.rowsThere, sums.rowsHere, columns);
  }
}
