package io.spendwatch.ops.storage.schema;

import io.spendwatch.streams.database.PostgresTls;
import java.util.Properties;
import java.util.stream.Collectors;
import org.postgresql.ssl.WrappedFactory;

/**
 * What the JDBC driver encrypts its connections with, made by the driver by its name: the same as
 * the pools have, from the same files. Thread-safe.
 */
public final class PostgresSockets extends WrappedFactory {
  /**
   * Reads the files.
   *
   * @param connection the driver's properties, of which TLS's are called as in a URI
   * @throws IllegalArgumentException naming the file that is not what it should be
   */
  public PostgresSockets(Properties connection) {
    this.factory =
        PostgresTls.of(
                connection.stringPropertyNames().stream()
                    .collect(Collectors.toMap(name -> name, connection::getProperty)))
            .context()
            .getSocketFactory();
  }
}
