package io.spendwatch.streams.database;

import io.spendwatch.streams.base.Pem;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.TrustOptions;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.SslMode;
import java.security.KeyManagementException;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Whether and how a connection to PostgreSQL is encrypted, and whom it trusts: what {@code
 * sslmode}, {@code sslrootcert}, {@code sslcert} and {@code sslkey} of its URI say, as psql takes
 * them. The same for every driver that we connect by.
 *
 * <pre>
 *   disable, allow, prefer   no TLS; if the server insists; if the server can
 *   require                  TLS, with whoever answers; with sslrootcert: as verify-ca
 *   verify-ca                TLS, with a server whose certificate is by sslrootcert
 *   verify-full              that, and the certificate is for the host of the URI
 * </pre>
 *
 * <p>Without {@code sslmode}: no TLS. The files are PEM; a key is PKCS #8 without a password.
 * Immutable; files are read whenever they are needed, so that renewed ones are taken.
 *
 * @param rootCertificate a file, or {@value #SYSTEM} for the authorities that Java trusts
 * @param certificate our own, with those that vouch for it; a file
 * @param key of that certificate; a file
 */
public record PostgresTls(
    Mode mode,
    Optional<String> rootCertificate,
    Optional<String> certificate,
    Optional<String> key) {
  /** In place of a file: the authorities that Java comes with. */
  public static final String SYSTEM = "system";

  static final String MODE = "sslmode";
  static final String ROOT = "sslrootcert";
  static final String CERTIFICATE = "sslcert";
  static final String KEY = "sslkey";

  /** What psql calls {@code sslmode}. */
  public enum Mode {
    DISABLE(SslMode.DISABLE),
    ALLOW(SslMode.ALLOW),
    PREFER(SslMode.PREFER),
    REQUIRE(SslMode.REQUIRE),
    VERIFY_CA(SslMode.VERIFY_CA),
    VERIFY_FULL(SslMode.VERIFY_FULL);

    private final SslMode vertx;

    Mode(SslMode vertx) {
      this.vertx = vertx;
    }

    /** As it stands in a URI. */
    public String word() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Whether the server's certificate must be by somebody whom we trust. */
    public boolean isVerifying() {
      return this == VERIFY_CA || this == VERIFY_FULL;
    }
  }

  /**
   * Reads the parameters of a URI.
   *
   * @throws IllegalArgumentException naming the one that is wrong; without its value, but for the
   *     name of a file that is not there or not what it should be
   */
  public static PostgresTls of(Map<String, String> parameters) {
    Optional<String> root = Optional.ofNullable(parameters.get(ROOT));
    Mode asked =
        Optional.ofNullable(parameters.get(MODE)).map(PostgresTls::mode).orElse(Mode.DISABLE);
    var tls =
        new PostgresTls(
            // As psql has it: who names an authority wants it asked.
            asked == Mode.REQUIRE && root.isPresent() ? Mode.VERIFY_CA : asked,
            root,
            Optional.ofNullable(parameters.get(CERTIFICATE)),
            Optional.ofNullable(parameters.get(KEY)));
    tls.check();
    return tls;
  }

  private static Mode mode(String word) {
    return Arrays.stream(Mode.values())
        .filter(mode -> mode.word().equals(word))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    MODE
                        + " is not known (expected: "
                        + Arrays.stream(Mode.values())
                            .map(Mode::word)
                            .collect(Collectors.joining(", "))
                        + ")"));
  }

  private void check() {
    if (mode.isVerifying() && rootCertificate.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s=%s needs %s (expected: a file with the certificates of authorities, or %s)",
              MODE,
              mode.word(),
              ROOT,
              SYSTEM));
    }
    if (certificate.isPresent() != key.isPresent()) {
      throw new IllegalArgumentException(CERTIFICATE + " and " + KEY + " need each other");
    }
    if (mode != Mode.DISABLE) {
      var _ = trust();
      var _ = keys();
    }
  }

  /**
   * Puts it into the options of a connection.
   *
   * @param refused told why a certificate is not trusted, on any thread
   */
  void applyTo(PgConnectOptions options, Consumer<CertificateException> refused) {
    options.setSslMode(mode.vertx);
    if (mode == Mode.DISABLE) {
      return;
    }
    var ssl = new ClientSSLOptions();
    if (mode.isVerifying()) {
      ssl.setTrustOptions(TrustOptions.wrap(new RememberedRefusal(trust(), refused)));
    } else {
      ssl.setTrustAll(true);
    }
    ssl.setHostnameVerificationAlgorithm(mode == Mode.VERIFY_FULL ? "HTTPS" : "");
    keys().ifPresent(keys -> ssl.setKeyCertOptions(KeyCertOptions.wrap(keys)));
    options.setSslOptions(ssl);
  }

  /**
   * The same for drivers that take sockets. That the certificate is for this host is theirs to
   * check.
   *
   * @throws IllegalArgumentException naming the file that is not what it should be
   */
  public SSLContext context() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(
          keys().map(KeyManagerFactory::getKeyManagers).orElse(new KeyManager[0]),
          new TrustManager[] {mode.isVerifying() ? trust() : new Anybody()},
          new SecureRandom());
      return context;
    } catch (NoSuchAlgorithmException | KeyManagementException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The file's authorities, or Java's. */
  private X509ExtendedTrustManager trust() {
    return rootCertificate
        .filter(file -> !file.equals(SYSTEM))
        .map(file -> Pem.trust(ROOT, file))
        .orElseGet(Pem::trustOfJava);
  }

  private Optional<KeyManagerFactory> keys() {
    return certificate.flatMap(ours -> key.map(file -> Pem.keys(CERTIFICATE, ours, KEY, file)));
  }

  /**
   * What a failure to connect means where it lies in TLS, in one line; empty where it does not.
   *
   * @param setting that the URI stands in
   * @param address of the server, for people
   */
  public Optional<String> explain(Throwable failure, String setting, String address) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      String what = String.valueOf(cause.getMessage());
      if (what.contains("does not handle SSL") || what.contains("does not support SSL")) {
        return said(address + " does not offer TLS", "sslmode=" + mode.word(), setting);
      }
      if (what.contains("no pg_hba.conf entry") && what.contains("no encryption")) {
        return said(
            address + " refuses connections without TLS, or this user: " + what,
            mode == Mode.DISABLE ? "no sslmode=require" : "sslmode=" + mode.word(),
            setting);
      }
      if (isOfTheHost(cause)) {
        return said(
            address + " has a certificate for another host (" + what + ")",
            "sslmode=" + mode.word(),
            setting);
      }
      if (cause instanceof CertificateException || cause instanceof SSLPeerUnverifiedException) {
        return said(
            address
                + " has a certificate that none of the trusted authorities has signed, or that"
                + " is out of date ("
                + what
                + ")",
            ROOT + "=" + rootCertificate.orElse(""),
            setting);
      }
      if (cause instanceof SSLException && cause.getCause() == null) {
        return said("TLS with " + address + " fails: " + what, "sslmode=" + mode.word(), setting);
      }
    }
    return Optional.empty();
  }

  /** JDBC says it in its own words, everybody else in Java's. */
  private static boolean isOfTheHost(Throwable cause) {
    String what = String.valueOf(cause.getMessage());
    return what.contains("could not be verified by hostnameverifier")
        || (cause instanceof CertificateException
            && (what.startsWith("No subject alternative")
                || what.startsWith("No name matching")
                || what.contains("doesn't match")));
  }

  private static Optional<String> said(String what, String because, String setting) {
    return Optional.of(what + ": " + setting + " has " + because);
  }
}
