package io.spendwatch.streams.ledger;

import io.vertx.sqlclient.PropertyKind;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowIterator;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import io.vertx.sqlclient.desc.ColumnDescriptor;
import io.vertx.sqlclient.internal.ArrayTuple;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;

/** An answer of the {@link SimulatedPostgres}. Columns have places, no names. */
final class SimulatedRows implements RowSet<Row> {

  private static final class SimulatedRow extends ArrayTuple implements Row {
    SimulatedRow(Object... columns) {
      super(Arrays.asList(columns));
    }

    @Override
    public String getColumnName(int position) {
      throw new UnsupportedOperationException();
    }

    @Override
    public int getColumnIndex(String column) {
      throw new UnsupportedOperationException();
    }
  }

  private final List<Row> rows = new ArrayList<>();
  private int affected;

  SimulatedRows add(Object... columns) {
    rows.add(new SimulatedRow(columns));
    return this;
  }

  boolean isEmpty() {
    return rows.isEmpty();
  }

  SimulatedRows affected(int count) {
    affected = count;
    return this;
  }

  @Override
  public RowIterator<Row> iterator() {
    Iterator<Row> iterator = rows.iterator();
    return new RowIterator<>() {
      @Override
      public boolean hasNext() {
        return iterator.hasNext();
      }

      @Override
      public Row next() {
        return iterator.next();
      }
    };
  }

  @Override
  public int rowCount() {
    return affected;
  }

  @Override
  public int size() {
    return rows.size();
  }

  @Override
  public RowSet<Row> next() {
    return null;
  }

  @Override
  public RowSet<Row> value() {
    return this;
  }

  @Override
  public List<String> columnsNames() {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<ColumnDescriptor> columnDescriptors() {
    throw new UnsupportedOperationException();
  }

  @Override
  public <V> V property(PropertyKind<V> kind) {
    throw new UnsupportedOperationException();
  }

  @Override
  public String toString() {
    return rows.stream().map(Tuple::deepToString).toList().toString();
  }
}
