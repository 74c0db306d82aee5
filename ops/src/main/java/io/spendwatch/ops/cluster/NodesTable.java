package io.spendwatch.ops.cluster;

import io.spendwatch.streams.database.Statements;
import io.vertx.pgclient.data.Interval;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.stream.StreamSupport;

/** Table {@code nodes}: who is there. Failures name PostgreSQL. For any thread. */
record NodesTable(Statements database) {

  /**
   * One life of a node.
   *
   * @param address within the cluster
   * @param host where the other nodes ask it, with the port
   * @param http host and port at which it answers everybody
   */
  record Entry(
      String nodeId,
      String address,
      String host,
      int managementPort,
      Instant startedAt,
      String http) {}

  /** Where a node answers the others' questions. */
  record ContactPoint(String host, int port) {
    private static final int PORT_MAX = 65_535;

    /** A row that somebody else wrote must not keep nodes from finding each other. */
    private boolean canBeAsked() {
      return !host.isBlank() && port > 0 && port <= PORT_MAX;
    }
  }

  /** Adds or renews an entry, and forgets those that have expired. */
  CompletionStage<RowSet<Row>> register(Entry entry, Duration expiry) {
    return database.read(
        "SELECT spendwatch.register_node($1, $2, $3, $4, $5, $6, $7)",
        Tuple.of(
            entry.nodeId(),
            entry.address(),
            entry.host(),
            entry.managementPort(),
            entry.startedAt().atOffset(ZoneOffset.UTC),
            Interval.of(expiry),
            entry.http()));
  }

  /** Removes an entry, unless a later life of the node has replaced it. */
  CompletionStage<RowSet<Row>> remove(Entry entry) {
    return database.read(
        "DELETE FROM spendwatch.nodes WHERE node_id = $1 AND address = $2",
        Tuple.of(entry.nodeId(), entry.address()));
  }

  /** All that have not expired. */
  CompletionStage<List<ContactPoint>> contactPoints(Duration expiry) {
    return database
        .read(
            "SELECT host, management_port FROM spendwatch.nodes WHERE renewed_at >= now() - $1::interval",
            Tuple.of(Interval.of(expiry)))
        .thenApply(
            rows ->
                StreamSupport.stream(rows.spliterator(), false)
                    .map(row -> new ContactPoint(row.getString(0), row.getInteger(1)))
                    .filter(ContactPoint::canBeAsked)
                    .toList());
  }
}
