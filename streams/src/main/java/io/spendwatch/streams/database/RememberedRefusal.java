package io.spendwatch.streams.database;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.function.Consumer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Trusts whom another one trusts, and passes on why it does not: Vert.x reports no more than that
 * the handshake failed. Thread-safe as far as the other one is.
 */
final class RememberedRefusal extends X509ExtendedTrustManager {
  private final X509ExtendedTrustManager trust;
  private final Consumer<CertificateException> refused;

  RememberedRefusal(X509ExtendedTrustManager trust, Consumer<CertificateException> refused) {
    this.trust = trust;
    this.refused = refused;
  }

  private interface Check {
    void run() throws CertificateException;
  }

  private void passOn(Check check) throws CertificateException {
    try {
      check.run();
    } catch (CertificateException e) {
      refused.accept(e);
      throw e;
    }
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
    passOn(() -> trust.checkServerTrusted(chain, type));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    passOn(() -> trust.checkServerTrusted(chain, type, socket));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    passOn(() -> trust.checkServerTrusted(chain, type, engine));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
    trust.checkClientTrusted(chain, type);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    trust.checkClientTrusted(chain, type, socket);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    trust.checkClientTrusted(chain, type, engine);
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return trust.getAcceptedIssuers();
  }
}
