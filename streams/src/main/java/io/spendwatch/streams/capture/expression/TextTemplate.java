package io.spendwatch.streams.capture.expression;

import static io.spendwatch.streams.base.ConfigSection.check;

import io.spendwatch.streams.capture.expression.MappedRow.UnmappableException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A text with the values of columns in it, such as {@code sale-{id}}. Without any it is a constant.
 * Immutable.
 */
public final class TextTemplate {
  private sealed interface Part {
    record Constant(String text) implements Part {}

    record Column(String name) implements Part {}
  }

  private final List<Part> parts;

  private TextTemplate(List<Part> parts) {
    this.parts = List.copyOf(parts);
  }

  /**
   * Reads a template.
   *
   * @param key of the setting, for the message
   * @throws IllegalArgumentException if it is empty, or a brace has no partner
   */
  public static TextTemplate parse(String key, String template) {
    List<Part> parts = new ArrayList<>();
    int at = 0;
    while (at < template.length()) {
      int open = template.indexOf('{', at);
      int close = template.indexOf('}', at);
      boolean pairs = open < 0 ? close < 0 : close > open + 1;
      String column = pairs && open >= 0 ? template.substring(open + 1, close) : "";
      check(
          pairs && column.indexOf('{') < 0,
          key,
          template,
          "a text with {column} in it, each { with its }");
      int textEnd = open < 0 ? template.length() : open;
      if (textEnd > at) {
        parts.add(new Part.Constant(template.substring(at, textEnd)));
      }
      if (open >= 0) {
        parts.add(new Part.Column(column));
      }
      at = open < 0 ? textEnd : close + 1;
    }
    check(!parts.isEmpty(), key, "\"\"", "a text with {column} in it, or a constant");
    return new TextTemplate(parts);
  }

  /** What texts it can come to match. */
  public Pattern pattern() {
    var pattern = new StringBuilder();
    for (Part part : parts) {
      switch (part) {
        case Part.Constant(String constant) -> pattern.append(Pattern.quote(constant));
        case Part.Column _ -> pattern.append(".*");
      }
    }
    return Pattern.compile(pattern.toString(), Pattern.DOTALL);
  }

  /** Those that it names. */
  public Set<String> columns() {
    Set<String> columns = new LinkedHashSet<>();
    for (Part part : parts) {
      if (part instanceof Part.Column(String name)) {
        columns.add(name);
      }
    }
    return columns;
  }

  /**
   * The text for a row.
   *
   * @throws UnmappableException if one of the columns is null
   */
  public String of(MappedRow row) throws UnmappableException {
    var text = new StringBuilder();
    for (Part part : parts) {
      switch (part) {
        case Part.Constant(String constant) -> text.append(constant);
        case Part.Column(String name) -> text.append(shown(row.required(name)));
      }
    }
    return text.toString();
  }

  /** Likewise; empty if one of the columns is null. */
  public Optional<String> ifThere(MappedRow row) throws UnmappableException {
    for (String column : columns()) {
      if (row.value(column) == null) {
        return Optional.empty();
      }
    }
    return Optional.of(of(row));
  }

  /** As the database would write it: no exponent. */
  static String shown(Object value) {
    return value instanceof BigDecimal decimal ? decimal.toPlainString() : value.toString();
  }
}
