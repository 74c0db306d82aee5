package io.spendwatch.ops.testing;

import io.spendwatch.ops.lab.sandbox.EmbeddedServers;
import io.spendwatch.ops.lab.sandbox.start.DataDirectory;
import io.spendwatch.ops.storage.schema.PostgresAddress;

/** The servers that the sandbox and the demo run on. */
final class EmbeddedTestServers implements RunningServers {
  private final DataDirectory directory;
  private final EmbeddedServers servers;

  private EmbeddedTestServers(DataDirectory directory, EmbeddedServers servers) {
    this.directory = directory;
    this.servers = servers;
  }

  static EmbeddedTestServers start() {
    DataDirectory directory = DataDirectory.temporary();
    return new EmbeddedTestServers(directory, EmbeddedServers.start(directory, 0, 0));
  }

  @Override
  public String description() {
    return "embedded servers (Kafka %s, %s)"
        .formatted(bootstrapServers(), servers.postgres().uri());
  }

  @Override
  public String bootstrapServers() {
    return servers.bootstrapServers();
  }

  @Override
  public PostgresAddress maintenanceDatabase() {
    return PostgresAddress.parse(servers.postgres().uri("postgres"), "", "");
  }

  @Override
  public void close() {
    servers.close();
    directory.close();
  }
}
