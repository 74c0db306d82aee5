package io.spendwatch.ops.api;

import com.typesafe.config.Config;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.access.AccessConfig;
import io.spendwatch.ops.access.Hosts;
import io.spendwatch.ops.status.NodeLogin;
import io.spendwatch.ops.tls.RenewedTls;
import io.spendwatch.ops.tls.TlsFiles;
import io.spendwatch.protocol.Secrets;
import io.spendwatch.streams.base.ConfigSection;
import java.net.URI;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Where a node answers HTTP, and whom: {@code spendwatch.http}.
 *
 * @param host interface to listen on
 * @param port 0 for any free one
 * @param names by which it is called besides its address, in lower case; without a port
 * @param access how is told who asks
 * @param tls of the server; who asks takes only the authorities from it
 * @param withoutLogin whether anybody may ask who reaches it, from other machines too
 * @param withoutTls whether it may be reached from other machines unencrypted
 * @param token what who asks shows; empty for none
 */
public record HttpConfig(
    String host,
    int port,
    Set<String> names,
    AccessConfig access,
    TlsFiles tls,
    boolean withoutLogin,
    boolean withoutTls,
    String token) {
  private static final String PATH = "spendwatch.http";

  public HttpConfig {
    names = Set.copyOf(names);
    ConfigSection.check(!host.isBlank(), PATH + ".host", host, "a host name or address");
    ConfigSection.checkRange(PATH + ".port", port, 0, 65_535);
    Secrets.keep(token);
  }

  /** Reads {@code spendwatch.http}. */
  public static HttpConfig from(Config root) {
    ConfigSection section = ConfigSection.of(root, PATH);
    ConfigSection tls = section.section("tls");
    TlsFiles files = TlsFiles.from(tls);
    tls.rejectUnknown();
    var config =
        new HttpConfig(
            section.string("host"),
            section.integer("port"),
            Stream.of(section.string("names").split(",", -1))
                .map(name -> name.strip().toLowerCase(Locale.ROOT))
                .filter(name -> !name.isEmpty())
                .collect(Collectors.toUnmodifiableSet()),
            AccessConfig.from(section),
            files,
            section.flag("without-login"),
            section.flag("without-tls"),
            section.secret("token"));
    section.rejectUnknown();
    return config;
  }

  /**
   * Checks, before it listens, that nobody else can come in unasked. May block for a look-up of the
   * host's name.
   *
   * @throws IllegalArgumentException if it would be open to other machines, and nobody said so
   */
  public void checkDoors() {
    if (Hosts.isLoopback(host)) {
      return;
    }
    ConfigSection.check(
        access.isOn() || withoutLogin,
        PATH + ".host",
        host,
        "an address of this machine only, such as 127.0.0.1; or SPENDWATCH_HTTP_ACCESS_FILE or"
            + " SPENDWATCH_HTTP_OIDC_ISSUER to say who may ask; or"
            + " SPENDWATCH_HTTP_WITHOUT_LOGIN=true to let anybody");
    ConfigSection.check(
        tls.isOn() || withoutTls,
        PATH + ".host",
        host,
        "an address of this machine only, such as 127.0.0.1; or SPENDWATCH_HTTP_TLS_CERTIFICATE_FILE"
            + " and SPENDWATCH_HTTP_TLS_KEY_FILE; or SPENDWATCH_HTTP_WITHOUT_TLS=true, such as"
            + " behind something that encrypts");
  }

  /** Where it answers, for who asks with these settings. */
  public URI address() {
    return address(host + ":" + port);
  }

  /** Where another node answers that has the same settings. */
  public URI address(String hostAndPort) {
    return URI.create((tls.isOn() ? "https://" : "http://") + hostAndPort);
  }

  /**
   * How who asks with these settings shows who it is, and whom it trusts. Blocks while files are
   * read.
   *
   * @throws OperatorException naming the file that is not what it should be
   */
  public NodeLogin login() {
    // The node's own certificate is nothing for who asks it.
    var known = new TlsFiles(tls.path(), Optional.empty(), Optional.empty(), tls.authorities());
    try {
      return new NodeLogin(
          Optional.of(token).filter(shown -> !shown.isEmpty()),
          tls.authorities().map(_ -> RenewedTls.of(known, InstantSource.system()).context()));
    } catch (IllegalArgumentException e) {
      throw new OperatorException("configuration: " + e.getMessage(), e);
    }
  }
}
