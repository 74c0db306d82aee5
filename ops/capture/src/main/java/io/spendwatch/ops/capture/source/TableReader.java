package io.spendwatch.ops.capture.source;

import io.spendwatch.ops.capture.config.SourceAddress;
import io.spendwatch.streams.capture.CaptureMapping;
import io.spendwatch.streams.capture.change.ColumnType;
import io.spendwatch.streams.capture.change.Row;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;

/**
 * Reads the rows that tables have now, with the mapped columns' values as {@link ChangeReader} has
 * them from the log. Stateless; blocks.
 */
public final class TableReader {
  private static final int FETCH_ROWS = 5_000;

  private final BusinessDatabase database;
  private final SourceAddress.Product product;

  public TableReader(BusinessDatabase database, SourceAddress.Product product) {
    this.database = database;
    this.product = product;
  }

  /**
   * Reads all rows of all mapped tables, as of one moment.
   *
   * @param each is told a table, and a row of it
   */
  public void read(CaptureMapping mapping, BiConsumer<String, Row> each) throws SQLException {
    Map<String, Map<String, ColumnType>> schema = database.schema(mapping.tables());
    try (Connection connection = database.snapshot();
        Statement statement = connection.createStatement()) {
      statement.setFetchSize(FETCH_ROWS);
      for (String table : mapping.tables()) {
        Map<String, ColumnType> types = schema.getOrDefault(table, Map.of());
        List<String> columns = new ArrayList<>(mapping.columns(table));
        String names = columns.stream().map(database::quoted).collect(Collectors.joining(", "));
        try (ResultSet rows =
            statement.executeQuery("SELECT " + names + " FROM " + database.quotedTable(table))) {
          while (rows.next()) {
            each.accept(table, row(rows, columns, types));
          }
        }
      }
    }
  }

  private Row row(ResultSet rows, List<String> columns, Map<String, ColumnType> types)
      throws SQLException {
    Map<String, Object> values = new LinkedHashMap<>();
    for (int i = 0; i < columns.size(); i++) {
      String column = columns.get(i);
      values.put(column, value(rows, i + 1, types.getOrDefault(column, ColumnType.OTHER)));
    }
    return new Row(values);
  }

  private Object value(ResultSet rows, int column, ColumnType type) throws SQLException {
    String text = type == ColumnType.OTHER ? "" : rows.getString(column);
    if (text == null) {
      return null;
    }
    try {
      return switch (type) {
        case INTEGER -> integer(text);
        case DECIMAL -> decimal(rows, column, text);
        case FLOATING_POINT -> rows.getDouble(column);
        case BOOLEAN -> rows.getBoolean(column);
        case TEXT -> text;
        case LOCAL_DATE_TIME -> rows.getObject(column, LocalDateTime.class);
        case DATE -> rows.getObject(column, LocalDate.class);
        case TIME -> LocalTime.parse(text);
        case INSTANT ->
            switch (product) {
              case POSTGRESQL -> rows.getObject(column, OffsetDateTime.class).toInstant();
              // The session is in UTC.
              case MARIADB -> rows.getObject(column, LocalDateTime.class).toInstant(ZoneOffset.UTC);
            };
        case OTHER -> other(rows, column);
      };
    } catch (DateTimeException | NumberFormatException e) {
      // Infinity, a span of more than a day, not a number: the mapping has no answer for it.
      return text;
    }
  }

  private static Object integer(String text) {
    BigDecimal number = new BigDecimal(text);
    return number.precision() <= 18 ? (Object) number.longValueExact() : number;
  }

  /** PostgreSQL shows money with its sign. */
  private Object decimal(ResultSet rows, int column, String text) throws SQLException {
    return Character.isDigit(text.charAt(text.length() - 1)) && text.indexOf('$') < 0
        ? new BigDecimal(text)
        : rows.getBigDecimal(column);
  }

  private static Object other(ResultSet rows, int column) throws SQLException {
    return switch (rows.getObject(column)) {
      case null -> null;
      case byte[] bytes -> HexFormat.of().formatHex(bytes);
      case Boolean truth -> truth;
      default -> rows.getString(column);
    };
  }
}
