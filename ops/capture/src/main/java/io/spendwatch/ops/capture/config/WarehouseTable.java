package io.spendwatch.ops.capture.config;

import static io.spendwatch.streams.base.ConfigSection.check;

import io.spendwatch.streams.base.ConfigSection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A table that is captured into a warehouse: one of {@code capture.warehouse.tables}.
 *
 * @param source with its schema (PostgreSQL) or its database (MariaDB)
 * @param target in the warehouse's schema
 * @param columns that are taken; empty for all
 * @param without columns that are not
 * @param renamed what a column was called earlier in the log
 * @param day column by whose day sums are compared
 */
public record WarehouseTable(
    String source,
    String target,
    Set<String> columns,
    Set<String> without,
    Map<String, String> renamed,
    Optional<String> day) {

  public static WarehouseTable from(ConfigSection section) {
    String source = section.string("table");
    int dot = source.indexOf('.');
    check(
        dot > 0 && dot < source.length() - 1,
        section.path() + ".table",
        source,
        "a table with its schema (PostgreSQL) or database (MariaDB) before a dot");
    WarehouseTable table =
        new WarehouseTable(
            source,
            section.has("target") ? section.string("target") : source.substring(dot + 1),
            texts(section, "columns"),
            texts(section, "without"),
            section.has("renamed") ? section.flat("renamed") : Map.of(),
            section.has("day") ? Optional.of(section.string("day")) : Optional.empty());
    check(
        table.columns.isEmpty() || table.without.isEmpty(),
        section.path() + ".without",
        String.join(", ", table.without),
        "nothing, where columns says which are taken");
    section.rejectUnknown();
    return table;
  }

  private static Set<String> texts(ConfigSection section, String key) {
    return section.has(key)
        ? new LinkedHashSet<>(List.copyOf(section.strings(key)))
        : new LinkedHashSet<>();
  }

  /** Whether a column of this name is taken. */
  public boolean takes(String column) {
    return columns.isEmpty() ? !without.contains(column) : columns.contains(column);
  }

  /**
   * What stands in the position, so that a later start notices what rows of before lack: the table
   * and its target, then what is taken where that is said, or what is left out.
   */
  public Set<String> kept() {
    String name = source + " > " + target;
    Set<String> kept = new TreeSet<>(Set.of(name));
    columns.forEach(column -> kept.add(name + " + " + column));
    without.forEach(column -> kept.add(name + " - " + column));
    return kept;
  }

  /** What is taken now, and was not when the position was kept; as people read it. */
  public Set<String> addedSince(Set<String> kept) {
    String name = source + " > " + target;
    if (!kept.contains(name)) {
      return new TreeSet<>(Set.of(name));
    }
    Set<String> added = new TreeSet<>();
    boolean hadAll = kept.stream().noneMatch(each -> each.startsWith(name + " + "));
    if (!hadAll) {
      if (columns.isEmpty()) {
        added.add("further columns of " + source);
      }
      columns.stream()
          .filter(column -> !kept.contains(name + " + " + column))
          .forEach(column -> added.add("column " + column + " of " + source));
    }
    kept.stream()
        .filter(each -> each.startsWith(name + " - "))
        .map(each -> each.substring(name.length() + 3))
        .filter(this::takes)
        .forEach(column -> added.add("column " + column + " of " + source));
    return added;
  }
}
