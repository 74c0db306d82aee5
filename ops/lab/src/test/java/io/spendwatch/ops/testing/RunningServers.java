package io.spendwatch.ops.testing;

import io.spendwatch.ops.storage.schema.PostgresAddress;

/** A real Kafka and a real PostgreSQL, for as long as the tests run. */
interface RunningServers extends AutoCloseable {
  /** For people. */
  String description();

  String bootstrapServers();

  /** A database that always exists, to make others from; its user may make them. */
  PostgresAddress maintenanceDatabase();

  @Override
  void close();
}
