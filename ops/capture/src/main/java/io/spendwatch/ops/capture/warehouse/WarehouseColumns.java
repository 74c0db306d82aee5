package io.spendwatch.ops.capture.warehouse;

import io.spendwatch.ops.capture.config.SourceAddress.Product;
import io.spendwatch.ops.capture.warehouse.WarehouseTypes.Form;
import java.math.BigDecimal;

/**
 * Reads a value as a text that is the same at both ends if, and only if, the value is: by SQL, and
 * not by the way that a capture reads it. Stateless.
 */
public final class WarehouseColumns {
  private WarehouseColumns() {}

  /** An expression of the business database. */
  public static String there(Product product, Form form, String column) {
    return switch (product) {
      case POSTGRESQL -> postgres(form, column);
      case MARIADB ->
          switch (form) {
            case NUMBER, TEXT, SHOWN, TIME -> column;
            case FRACTION -> "CAST(" + column + " AS DOUBLE)";
            case TRUTH -> "CAST(" + column + " + 0 AS CHAR)";
            case BITS -> "BIN(" + column + " + 0)";
            case BYTES -> "HEX(" + column + ")";
            case DATE -> "DATE_FORMAT(" + column + ", '%Y-%m-%d')";
            case SPAN -> "CAST(TIME_TO_SEC(" + column + ") * 1000000 AS DECIMAL(20))";
            case LOCAL, INSTANT -> "DATE_FORMAT(" + column + ", '%Y-%m-%d %H:%i:%s.%f')";
          };
    };
  }

  /** An expression of the warehouse. */
  public static String here(Product product, Form form, String column) {
    return switch (product) {
      case POSTGRESQL -> postgres(form, column);
      case MARIADB ->
          switch (form) {
            case NUMBER, FRACTION, TRUTH, BITS, TEXT, BYTES, SHOWN, TIME -> postgres(form, column);
            case DATE -> "to_char(" + column + ", 'YYYY-MM-DD')";
            case SPAN -> "(extract(epoch FROM " + column + ") * 1000000)::numeric(20)::text";
            case LOCAL, INSTANT -> "to_char(" + column + ", 'YYYY-MM-DD HH24:MI:SS.US')";
          };
    };
  }

  private static String postgres(Form form, String column) {
    return switch (form) {
      case NUMBER, BITS, TEXT, DATE, TIME, SPAN, LOCAL, INSTANT, SHOWN -> column + "::text";
      case FRACTION -> column + "::float8::text";
      case TRUTH -> column + "::int::text";
      case BYTES -> "upper(encode(" + column + ", 'hex'))";
    };
  }

  /** What was read by one of these, in the one form that equal values have; null for null. */
  public static String canonical(Form form, String text) {
    if (text == null) {
      return null;
    }
    return switch (form) {
      case NUMBER, SPAN -> number(text);
      case FRACTION -> Double.toString(Double.parseDouble(text));
      case BITS -> text.replaceFirst("^0+(?=.)", "");
      case TRUTH, TEXT, BYTES, DATE, TIME, LOCAL, INSTANT, SHOWN -> text;
    };
  }

  private static String number(String text) {
    try {
      return new BigDecimal(text).stripTrailingZeros().toPlainString();
    } catch (NumberFormatException e) {
      // Not a number, or infinity.
      return text;
    }
  }
}
