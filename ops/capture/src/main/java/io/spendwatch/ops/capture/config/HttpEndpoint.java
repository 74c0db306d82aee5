package io.spendwatch.ops.capture.config;

import static io.spendwatch.streams.base.ConfigSection.check;
import static io.spendwatch.streams.base.ConfigSection.checkRange;

import io.spendwatch.ops.access.Hosts;
import io.spendwatch.streams.base.ConfigSection;
import java.util.Optional;

/**
 * Where a capture says how it is doing: {@code capture.http}.
 *
 * @param host address to listen at
 * @param port 0 for any free one
 */
public record HttpEndpoint(String host, int port) {
  /** In place of a port. */
  private static final String OFF = "off";

  public HttpEndpoint {
    checkRange("capture.http.port", port, 0, 65_535);
  }

  /** Reads the section; empty where nobody is to be told. */
  public static Optional<HttpEndpoint> from(ConfigSection section) {
    String host = section.string("host");
    String port = section.string("port");
    boolean withoutTls = section.flag("without-tls");
    section.rejectUnknown();
    if (port.equals(OFF)) {
      return Optional.empty();
    }
    check(port.matches("\\d{1,5}"), section.path() + ".port", port, "0..65535, or off for no HTTP");
    check(
        withoutTls || Hosts.isLoopback(host),
        section.path() + ".host",
        host,
        "an address of this machine only; SPENDWATCH_CAPTURE_HTTP_WITHOUT_TLS=true opens it to"
            + " others, as where the network is closed: anybody who reaches it may ask, in clear text");
    return Optional.of(new HttpEndpoint(host, Integer.parseInt(port)));
  }

  @Override
  public String toString() {
    return host + ":" + port;
  }
}
