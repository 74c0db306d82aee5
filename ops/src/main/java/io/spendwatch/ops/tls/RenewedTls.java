package io.spendwatch.ops.tls;

import io.spendwatch.streams.base.Pem;
import io.spendwatch.streams.base.Renewed;
import java.security.KeyManagementException;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * TLS out of files that are renewed while a node runs: a connection that begins {@value
 * #LOOK_SECONDS} s after they were replaced, or later, uses the new ones. Where those are no good,
 * it stays with the ones before, and the log says so. Thread-safe; blocks nobody but who makes it.
 */
public final class RenewedTls {
  private static final int LOOK_SECONDS = 10;

  private final TlsFiles files;
  private final boolean amongEquals;
  private final Renewed<SSLContext> inForce;

  private RenewedTls(TlsFiles files, boolean amongEquals, InstantSource clock) {
    this.files = files;
    this.amongEquals = amongEquals;
    this.inForce =
        Renewed.ofFiles(
            "TLS of " + files.path(),
            Stream.of(files.certificate(), files.key(), files.authorities())
                .flatMap(Optional::stream)
                .toList(),
            this::read,
            Duration.ofSeconds(LOOK_SECONDS),
            clock);
  }

  /**
   * Of a server that anybody may connect to, or of who asks one.
   *
   * @throws IllegalArgumentException naming the file that is not what it should be
   */
  public static RenewedTls of(TlsFiles files, InstantSource clock) {
    return new RenewedTls(files, false, clock);
  }

  /**
   * Of nodes among themselves: both ends show a certificate, by one of the authorities, that has a
   * name in common with our own. So a certificate of the same authority for something else opens
   * nothing.
   *
   * @throws IllegalArgumentException naming the file that is not what it should be, or is missing
   */
  public static RenewedTls amongEquals(TlsFiles files, InstantSource clock) {
    if (!files.hasAuthorities()) {
      throw new IllegalArgumentException(
          files.authoritiesSetting() + ": \"\" (expected: a file with who vouches for the nodes)");
    }
    return new RenewedTls(files, true, clock);
  }

  /** For a connection that somebody begins with us. */
  public SSLEngine serverEngine() {
    SSLEngine engine = context().createSSLEngine();
    engine.setUseClientMode(false);
    engine.setNeedClientAuth(amongEquals);
    return withProtocols(engine);
  }

  /** For a connection that we begin. */
  public SSLEngine clientEngine(String host, int port) {
    SSLEngine engine = context().createSSLEngine(host, port);
    engine.setUseClientMode(true);
    return withProtocols(engine);
  }

  /** What is in force. */
  public SSLContext context() {
    return inForce.get();
  }

  /** Between our own nodes, nothing of before is needed. */
  private SSLEngine withProtocols(SSLEngine engine) {
    engine.setEnabledProtocols(
        amongEquals ? new String[] {"TLSv1.3"} : new String[] {"TLSv1.3", "TLSv1.2"});
    return engine;
  }

  private SSLContext read() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(
          keys().map(KeyManagerFactory::getKeyManagers).orElse(new KeyManager[0]),
          new TrustManager[] {trust()},
          new SecureRandom());
      return context;
    } catch (NoSuchAlgorithmException | KeyManagementException e) {
      throw new IllegalStateException(e);
    }
  }

  private Optional<KeyManagerFactory> keys() {
    return files
        .certificate()
        .flatMap(
            certificate ->
                files
                    .key()
                    .map(
                        key ->
                            Pem.keys(
                                files.certificateSetting(), certificate, files.keySetting(), key)));
  }

  private X509ExtendedTrustManager trust() {
    X509ExtendedTrustManager trust =
        files
            .authorities()
            .map(file -> Pem.trust(files.authoritiesSetting(), file))
            .orElseGet(Pem::trustOfJava);
    return amongEquals ? new NameInCommon(trust, own()) : trust;
  }

  private X509Certificate own() {
    return (X509Certificate)
        Pem.certificates(files.certificateSetting(), files.certificate().orElse(""))
            .iterator()
            .next();
  }
}
