package io.spendwatch.ops.archive.format;

import java.util.Locale;

/**
 * A column, of the database's table, of Parquet, and of rows on their way between them.
 *
 * @param name the same in both
 */
public record Column(String name, Type type) {

  /** What a value is: in a row here, in the engine's table on the way, and in Parquet. */
  public enum Type {
    /** {@code String}. */
    TEXT("VARCHAR"),
    /** {@code Long}. */
    LONG("BIGINT"),
    /** {@code Long} here. */
    INTEGER("INTEGER"),
    /** {@code Double}; a share, never an amount. */
    DOUBLE("DOUBLE"),
    /** {@code Boolean}. */
    BOOLEAN("BOOLEAN"),
    /** An instant: microseconds since 1970 as {@code Long}; TIMESTAMP(MICROS, UTC) in Parquet. */
    TIME("BIGINT"),
    /** {@code byte[]}. */
    BYTES("BLOB");

    private final String staged;

    Type(String staged) {
      this.staged = staged;
    }
  }

  public static Column text(String name) {
    return new Column(name, Type.TEXT);
  }

  public static Column number(String name) {
    return new Column(name, Type.LONG);
  }

  public static Column integer(String name) {
    return new Column(name, Type.INTEGER);
  }

  public static Column share(String name) {
    return new Column(name, Type.DOUBLE);
  }

  public static Column flag(String name) {
    return new Column(name, Type.BOOLEAN);
  }

  public static Column time(String name) {
    return new Column(name, Type.TIME);
  }

  public static Column bytes(String name) {
    return new Column(name, Type.BYTES);
  }

  /** For the engine's CREATE TABLE. */
  public String definition() {
    return name + " " + type.staged;
  }

  /** Its type in a warehouse. */
  public String loadedType() {
    return switch (type) {
      case TEXT -> "text";
      case LONG -> "bigint";
      case INTEGER -> "integer";
      case DOUBLE -> "double precision";
      case BOOLEAN -> "boolean";
      case TIME -> "timestamptz";
      case BYTES -> "bytea";
    };
  }

  /** Its type in Parquet, as the engine has it. */
  public String shownType() {
    return type == Type.TIME ? "TIMESTAMPTZ" : type.staged;
  }

  /** From the engine's table, as Parquet is to have it. */
  public String forParquet() {
    return type == Type.TIME
        ? String.format(Locale.ROOT, "make_timestamp(%s) AT TIME ZONE 'UTC' AS %s", name, name)
        : name;
  }

  /** From Parquet, as the engine's table has it. */
  String fromParquet() {
    return type == Type.TIME ? String.format(Locale.ROOT, "epoch_us(%s) AS %s", name, name) : name;
  }

  /**
   * From a query for staged rows, as the engine's vectors give it out: of a text how many bytes it
   * has, of bytes Base64.
   */
  String encoded() {
    return switch (type) {
      case TEXT -> "strlen(" + name + ") AS " + name;
      case BYTES -> "base64(" + name + ") AS " + name;
      case LONG, INTEGER, DOUBLE, BOOLEAN, TIME -> name;
    };
  }

  /** Its value out of the database, in the type that PostgreSQL's binary format has of it. */
  public String selected() {
    return switch (type) {
      // What is in them is sent as it is; a cast would take blanks from the end of a char(3).
      case TEXT, BYTES, BOOLEAN -> name;
      case LONG, INTEGER -> name + "::bigint AS " + name;
      case DOUBLE -> name + "::double precision AS " + name;
      case TIME -> name + "::timestamptz AS " + name;
    };
  }

  /** Whether it is an amount, which totals are of. */
  boolean isAmount() {
    return type == Type.LONG && name.endsWith("_minor");
  }
}
