package io.spendwatch.ops.tls;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Trusts whoever the authorities vouch for, if the certificate has a name in common with our own:
 * one of the DNS names, or the common name. Which host it comes from does not matter: pods change
 * theirs. Thread-safe.
 */
final class NameInCommon extends X509ExtendedTrustManager {
  private static final Integer DNS_NAME = 2;

  private final X509ExtendedTrustManager authorities;
  private final Set<String> names;

  NameInCommon(X509ExtendedTrustManager authorities, X509Certificate own) {
    this.authorities = authorities;
    this.names = names(own);
  }

  /** In lower case. */
  static Set<String> names(X509Certificate certificate) {
    Set<String> names = new TreeSet<>();
    try {
      new LdapName(certificate.getSubjectX500Principal().getName())
          .getRdns().stream()
              .filter(part -> part.getType().equalsIgnoreCase("CN"))
              .forEach(part -> names.add(part.getValue().toString().toLowerCase(Locale.ROOT)));
      Collection<List<?>> others = certificate.getSubjectAlternativeNames();
      if (others != null) {
        others.stream()
            .filter(name -> DNS_NAME.equals(name.getFirst()))
            .forEach(name -> names.add(name.get(1).toString().toLowerCase(Locale.ROOT)));
      }
    } catch (InvalidNameException | CertificateException e) {
      // None of ours has names that cannot be read.
      names.clear();
    }
    return names;
  }

  private void check(X509Certificate[] chain) throws CertificateException {
    Set<String> theirs = names(chain[0]);
    if (theirs.stream().noneMatch(names::contains)) {
      throw new CertificateException(
          "a certificate for " + theirs + ", which has no name in common with ours for " + names);
    }
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    authorities.checkClientTrusted(chain, authType, engine);
    check(chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    authorities.checkServerTrusted(chain, authType, engine);
    check(chain);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    authorities.checkClientTrusted(chain, authType, socket);
    check(chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    authorities.checkServerTrusted(chain, authType, socket);
    check(chain);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    authorities.checkClientTrusted(chain, authType);
    check(chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    authorities.checkServerTrusted(chain, authType);
    check(chain);
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return authorities.getAcceptedIssuers();
  }
}
