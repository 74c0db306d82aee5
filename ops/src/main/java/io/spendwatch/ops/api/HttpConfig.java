package io.spendwatch.ops.api;

import com.typesafe.config.Config;
import io.spendwatch.streams.base.ConfigSection;

/**
 * Where a node answers HTTP: {@code spendwatch.http}.
 *
 * @param host interface to listen on
 * @param port 0 for any free one
 */
public record HttpConfig(String host, int port) {
  private static final String PATH = "spendwatch.http";

  public HttpConfig {
    ConfigSection.check(!host.isBlank(), PATH + ".host", host, "a host name or address");
    ConfigSection.checkRange(PATH + ".port", port, 0, 65_535);
  }

  /** Reads {@code spendwatch.http}. */
  public static HttpConfig from(Config root) {
    ConfigSection section = ConfigSection.of(root, PATH);
    var config = new HttpConfig(section.string("host"), section.integer("port"));
    section.rejectUnknown();
    return config;
  }
}
