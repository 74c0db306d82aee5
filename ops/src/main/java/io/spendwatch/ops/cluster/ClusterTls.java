package io.spendwatch.ops.cluster;

import io.spendwatch.ops.tls.RenewedTls;
import java.time.InstantSource;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.remote.artery.tcp.SSLEngineProvider;
import scala.Option;

/**
 * TLS of the connections between nodes, both ends of which show a certificate: {@code
 * spendwatch.cluster.tls}. Pekko's own, which renews files too, takes RSA keys only. Thread-safe.
 */
public final class ClusterTls implements SSLEngineProvider {
  private final RenewedTls tls;

  /**
   * Called by name.
   *
   * @throws IllegalArgumentException naming the file that is not what it should be
   */
  public ClusterTls(ActorSystem system) {
    this.tls =
        RenewedTls.amongEquals(
            ClusterConfig.from(system.settings().config()).tls(), InstantSource.system());
  }

  @Override
  public SSLEngine createServerSSLEngine(String hostname, int port) {
    return tls.serverEngine();
  }

  @Override
  public SSLEngine createClientSSLEngine(String hostname, int port) {
    return tls.clientEngine(hostname, port);
  }

  /** Whom we trust, the handshake has decided. */
  @Override
  public Option<Throwable> verifyClientSession(String hostname, SSLSession session) {
    return Option.empty();
  }

  /** Likewise. */
  @Override
  public Option<Throwable> verifyServerSession(String hostname, SSLSession session) {
    return Option.empty();
  }
}
