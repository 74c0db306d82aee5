package io.spendwatch.ops.analysis.answer;

import io.spendwatch.protocol.EventTime;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.data.Numeric;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Values of rows, as answers have them. Stateless. */
public final class Cells {
  private Cells() {}

  public static List<List<Object>> of(RowSet<Row> rows) {
    List<List<Object>> cells = new ArrayList<>(rows.size());
    for (Row row : rows) {
      List<Object> line = new ArrayList<>(row.size());
      for (int i = 0; i < row.size(); i++) {
        line.add(cell(row.getValue(i)));
      }
      cells.add(line);
    }
    return cells;
  }

  private static Object cell(Object value) {
    return switch (value) {
      case null -> null;
      case Long number -> number;
      case Integer number -> number;
      case Short number -> number;
      case Boolean truth -> truth;
      case Numeric number ->
          number.isNaN() || number.bigDecimalValue() == null
              ? number.toString()
              : number.bigDecimalValue().toPlainString();
      case OffsetDateTime time -> EventTime.format(time.toInstant().toEpochMilli());
      case Object[] array -> Arrays.toString(array);
      default -> value.toString();
    };
  }
}
