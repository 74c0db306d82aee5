package io.spendwatch.ops.cluster;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A node that says in the database that it is there.
 *
 * @param http host and port at which it answers; empty for one of a version that does not say
 */
public record RegisteredNode(String nodeId, String http) {
  private static final int NODES_MAX = 1000;

  /**
   * Those that have said so within the expiry, by id, at most {@value #NODES_MAX}. Blocks.
   *
   * @throws SQLException if the database does not answer, or has no such table
   */
  public static List<RegisteredNode> all(Connection connection, Duration expiry)
      throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "SELECT node_id, coalesce(http, '') FROM spendwatch.nodes"
                + " WHERE renewed_at >= now() - make_interval(secs => ?) ORDER BY node_id LIMIT ?")) {
      statement.setDouble(1, expiry.toMillis() / 1000.0);
      statement.setInt(2, NODES_MAX);
      List<RegisteredNode> nodes = new ArrayList<>();
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          nodes.add(new RegisteredNode(rows.getString(1), rows.getString(2)));
        }
      }
      return nodes;
    }
  }
}
