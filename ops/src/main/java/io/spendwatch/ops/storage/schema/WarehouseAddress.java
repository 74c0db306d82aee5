package io.spendwatch.ops.storage.schema;

import static io.spendwatch.streams.base.ConfigSection.check;

import io.spendwatch.ops.access.Hosts;
import io.spendwatch.protocol.Secrets;
import io.spendwatch.streams.base.ConfigSection;
import io.spendwatch.streams.database.PostgresUri;
import java.util.Optional;

/**
 * Where a warehouse is, and as whom: {@code uri}, {@code user} and {@code password} of a section,
 * which are {@code SPENDWATCH_WAREHOUSE_URI}, {@code …_USER} and {@code …_PASSWORD} unless a file
 * says otherwise. Stateless.
 */
public final class WarehouseAddress {
  private WarehouseAddress() {}

  /**
   * Reads it; looks a host's name up.
   *
   * @return empty where no warehouse is named
   * @throws IllegalArgumentException naming the setting that is wrong
   */
  public static Optional<PostgresAddress> from(ConfigSection section) {
    String named = section.has("uri") ? section.string("uri") : "";
    String setUser = section.has("user") ? section.string("user") : "";
    String setPassword = section.secret("password");
    if (named.isEmpty()) {
      return Optional.empty();
    }
    Secrets.keep(setPassword);
    PostgresUri uri;
    try {
      uri = PostgresUri.parse(named);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(setting(section) + ": " + e.getMessage(), e);
    }
    Secrets.keep(uri.password());
    String user = setUser.isEmpty() ? uri.user() : setUser;
    check(!user.isEmpty(), section.path() + ".user", "\"\"", "whom to log in as");
    check(
        Hosts.isLoopback(uri.host()) || PostgresUri.parameters(uri.query()).containsKey("sslmode"),
        setting(section),
        uri.hostAndPort(),
        "an sslmode, since it is another machine: ?sslmode=verify-full&sslrootcert=FILE (or system);"
            + " sslmode=disable where the network is closed");
    return Optional.of(
        new PostgresAddress(
            uri.hostAndPort(),
            uri.database().isEmpty() ? user : uri.database(),
            uri.query(),
            user,
            setPassword.isEmpty() ? uri.password() : setPassword));
  }

  private static String setting(ConfigSection section) {
    return section.path() + ".uri";
  }
}
