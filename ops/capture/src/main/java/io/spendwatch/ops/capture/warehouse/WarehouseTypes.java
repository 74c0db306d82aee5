package io.spendwatch.ops.capture.warehouse;

import io.spendwatch.ops.capture.config.SourceAddress.Product;
import io.spendwatch.ops.capture.config.SourceTable;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which type of a warehouse holds every value of a type of a business database, exactly. What is
 * not among them has no such type. This is the one table; docs/capture.md prints it.
 */
public final class WarehouseTypes {
  private static final Pattern NUMERIC = Pattern.compile("numeric\\((\\d+),(\\d+)\\)");
  private static final List<String> INTEGERS = List.of("smallint", "integer", "bigint");

  /** How a value is written, and how two are compared. */
  public enum Form {
    /** An integer or a decimal: equal as numbers. */
    NUMBER,
    /** A binary fraction: equal to the last bit. */
    FRACTION,
    TRUTH,
    BITS,
    TEXT,
    BYTES,
    DATE,
    /** Of a day. */
    TIME,
    /** From -838:59:59.999999 to 838:59:59.999999. */
    SPAN,
    /** Without a zone. */
    LOCAL,
    INSTANT,
    /** What is compared as the text that PostgreSQL shows. */
    SHOWN
  }

  /**
   * One type.
   *
   * @param source types as their databases call them
   * @param target as PostgreSQL shows it
   * @param modified whether it has the source's modifier, such as {@code (10,2)}
   */
  public record Rule(
      Product product, List<String> source, String target, boolean modified, Form form) {}

  static final List<Rule> RULES =
      List.of(
          mariaDb("smallint", Form.NUMBER, "tinyint", "tinyint unsigned", "smallint", "year"),
          mariaDb(
              "integer",
              Form.NUMBER,
              "smallint unsigned",
              "mediumint",
              "mediumint unsigned",
              "int"),
          mariaDb("bigint", Form.NUMBER, "int unsigned", "bigint"),
          mariaDb("numeric(20,0)", Form.NUMBER, "bigint unsigned"),
          modified(Product.MARIADB, "numeric", Form.NUMBER, "decimal", "decimal unsigned"),
          mariaDb("real", Form.FRACTION, "float", "float unsigned"),
          mariaDb("double precision", Form.FRACTION, "double", "double unsigned"),
          mariaDb("boolean", Form.TRUTH, "bit(1)"),
          modified(Product.MARIADB, "bit", Form.BITS, "bit"),
          mariaDb(
              "text",
              Form.TEXT,
              "char",
              "varchar",
              "tinytext",
              "text",
              "mediumtext",
              "longtext",
              "enum",
              "set"),
          mariaDb(
              "bytea",
              Form.BYTES,
              "binary",
              "varbinary",
              "tinyblob",
              "blob",
              "mediumblob",
              "longblob"),
          mariaDb("date", Form.DATE, "date"),
          mariaDb("interval", Form.SPAN, "time"),
          mariaDb("timestamp without time zone", Form.LOCAL, "datetime"),
          mariaDb("timestamp with time zone", Form.INSTANT, "timestamp"),
          mariaDb("uuid", Form.TEXT, "uuid"),
          postgres("smallint", Form.NUMBER, "int2"),
          postgres("integer", Form.NUMBER, "int4"),
          postgres("bigint", Form.NUMBER, "int8"),
          modified(Product.POSTGRESQL, "numeric", Form.NUMBER, "numeric"),
          postgres("real", Form.FRACTION, "float4"),
          postgres("double precision", Form.FRACTION, "float8"),
          postgres("boolean", Form.TRUTH, "bool", "bit(1)"),
          modified(Product.POSTGRESQL, "bit", Form.BITS, "bit"),
          postgres("text", Form.TEXT, "text", "varchar", "name", "enum"),
          modified(Product.POSTGRESQL, "character", Form.SHOWN, "bpchar"),
          postgres("bytea", Form.BYTES, "bytea"),
          postgres("date", Form.DATE, "date"),
          postgres("time without time zone", Form.TIME, "time"),
          postgres("timestamp without time zone", Form.LOCAL, "timestamp"),
          postgres("timestamp with time zone", Form.INSTANT, "timestamptz"),
          postgres("interval", Form.SHOWN, "interval"),
          postgres("uuid", Form.TEXT, "uuid"),
          postgres("json", Form.SHOWN, "json"),
          postgres("jsonb", Form.SHOWN, "jsonb"),
          postgres("inet", Form.SHOWN, "inet"),
          postgres("cidr", Form.SHOWN, "cidr"),
          postgres("macaddr", Form.SHOWN, "macaddr"));

  private WarehouseTypes() {}

  private static Rule mariaDb(String target, Form form, String... source) {
    return new Rule(Product.MARIADB, List.of(source), target, false, form);
  }

  private static Rule postgres(String target, Form form, String... source) {
    return new Rule(Product.POSTGRESQL, List.of(source), target, false, form);
  }

  private static Rule modified(Product product, String target, Form form, String... source) {
    return new Rule(product, List.of(source), target, true, form);
  }

  /** Empty for a type whose values no other holds exactly. */
  public static Optional<Rule> rule(Product product, String type) {
    return RULES.stream()
        .filter(rule -> rule.product() == product && rule.source().contains(type))
        .findFirst();
  }

  /** The type of a column that is made for another. */
  static String target(Rule rule, SourceTable.Column column) {
    return rule.modified() ? rule.target() + column.modifier() : rule.target();
  }

  /** Whether a column of a type holds exactly all that one of another does. */
  static boolean holds(String found, String wanted) {
    if (found.equals(wanted)
        || (wanted.equals("text") && found.equals("character varying"))
        || (wanted.startsWith("numeric") && found.equals("numeric"))) {
      return true;
    }
    if (INTEGERS.contains(wanted) && INTEGERS.contains(found)) {
      return INTEGERS.indexOf(found) >= INTEGERS.indexOf(wanted);
    }
    Matcher has = NUMERIC.matcher(found);
    Matcher needs = NUMERIC.matcher(wanted);
    if (!has.matches() || !needs.matches()) {
      return false;
    }
    int scale = Integer.parseInt(has.group(2));
    int scaleNeeded = Integer.parseInt(needs.group(2));
    return scale >= scaleNeeded
        && Integer.parseInt(has.group(1)) - scale >= Integer.parseInt(needs.group(1)) - scaleNeeded;
  }

  /**
   * A type as a text is cast to it: without a length, since such a cast would cut silently what an
   * assignment refuses.
   */
  static String cast(String type) {
    int modifier = type.indexOf('(');
    String name = modifier < 0 ? type : type.substring(0, modifier);
    return switch (name) {
      case "character" -> "bpchar";
      case "bit" -> "varbit";
      default -> name;
    };
  }

  /** Digits after the point that a type keeps; empty where that is not bounded. */
  static Optional<Integer> scale(String type) {
    Matcher numeric = NUMERIC.matcher(type);
    return numeric.matches() ? Optional.of(Integer.valueOf(numeric.group(2))) : Optional.empty();
  }
}
