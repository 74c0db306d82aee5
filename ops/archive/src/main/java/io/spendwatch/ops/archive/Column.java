package io.spendwatch.ops.archive;

import java.util.Locale;

/**
 * A column, of the database's table, of Parquet, and of rows on their way between them.
 *
 * @param name the same in both
 */
record Column(String name, Type type) {

  /** What a value is: in a row here, in the engine's table on the way, and in Parquet. */
  enum Type {
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

  static Column text(String name) {
    return new Column(name, Type.TEXT);
  }

  static Column number(String name) {
    return new Column(name, Type.LONG);
  }

  static Column integer(String name) {
    return new Column(name, Type.INTEGER);
  }

  static Column share(String name) {
    return new Column(name, Type.DOUBLE);
  }

  static Column flag(String name) {
    return new Column(name, Type.BOOLEAN);
  }

  static Column time(String name) {
    return new Column(name, Type.TIME);
  }

  static Column bytes(String name) {
    return new Column(name, Type.BYTES);
  }

  /** For the engine's CREATE TABLE. */
  String definition() {
    return name + " " + type.staged;
  }

  /** Its type in a warehouse. */
  String loadedType() {
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
  String shownType() {
    return type == Type.TIME ? "TIMESTAMPTZ" : type.staged;
  }

  /** From the engine's table, as Parquet is to have it. */
  String forParquet() {
    return type == Type.TIME
        ? String.format(Locale.ROOT, "make_timestamp(%s) AT TIME ZONE 'UTC' AS %s", name, name)
        : name;
  }

  /** From Parquet, as the engine's table has it. */
  String fromParquet() {
    return type == Type.TIME ? String.format(Locale.ROOT, "epoch_us(%s) AS %s", name, name) : name;
  }

  /** Whether it is an amount, which totals are of. */
  boolean isAmount() {
    return type == Type.LONG && name.endsWith("_minor");
  }
}
