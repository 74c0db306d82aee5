package io.spendwatch.streams.base;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Certificates and keys out of PEM files; a key is PKCS #8 without a password, RSA, EC or EdDSA.
 * What is wrong with a file is an {@link IllegalArgumentException} that names the setting and the
 * file, and nothing of what is in it. Blocks while it reads; stateless.
 */
public final class Pem {
  private static final Pattern KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----(?<der>[^-]*)-----END PRIVATE KEY-----");
  private static final List<String> KEY_ALGORITHMS = List.of("RSA", "EC", "EdDSA");

  private Pem() {}

  /**
   * Whoever the authorities in a file vouch for.
   *
   * @param setting that names the file, for people
   */
  public static X509ExtendedTrustManager trust(String setting, String file) {
    try {
      KeyStore store = emptyStore();
      int count = 0;
      for (Certificate authority : certificates(setting, file)) {
        store.setCertificateEntry("authority-" + count++, authority);
      }
      return trust(store);
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Whoever Java's own authorities vouch for. */
  public static X509ExtendedTrustManager trustOfJava() {
    try {
      return trust(null);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static X509ExtendedTrustManager trust(@Nullable KeyStore store)
      throws GeneralSecurityException {
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    return (X509ExtendedTrustManager) factory.getTrustManagers()[0];
  }

  /**
   * Our own certificate, with those that vouch for it, and its key.
   *
   * @param certificateSetting that names the certificate's file, for people
   * @param keySetting likewise
   */
  public static KeyManagerFactory keys(
      String certificateSetting, String certificateFile, String keySetting, String keyFile) {
    try {
      KeyStore store = emptyStore();
      store.setKeyEntry(
          "own",
          privateKey(keySetting, keyFile),
          new char[0],
          certificates(certificateSetting, certificateFile).toArray(new Certificate[0]));
      KeyManagerFactory factory =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      factory.init(store, new char[0]);
      return factory;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    return store;
  }

  /**
   * At least one.
   *
   * @param setting that names the file, for people
   */
  public static Collection<? extends Certificate> certificates(String setting, String file) {
    try (InputStream in = Files.newInputStream(Path.of(file))) {
      Collection<? extends Certificate> found =
          CertificateFactory.getInstance("X.509").generateCertificates(in);
      if (!found.isEmpty()) {
        return found;
      }
    } catch (IOException e) {
      throw unreadable(setting, file, e);
    } catch (CertificateException e) {
      throw new IllegalArgumentException(
          setting + ": " + file + " holds no certificates (expected: PEM)", e);
    }
    throw new IllegalArgumentException(
        setting + ": " + file + " holds no certificates (expected: PEM)");
  }

  private static PrivateKey privateKey(String setting, String file) {
    String text;
    try {
      text = Files.readString(Path.of(file), StandardCharsets.US_ASCII);
    } catch (IOException e) {
      throw unreadable(setting, file, e);
    }
    Matcher pem = KEY.matcher(text);
    if (pem.find()) {
      for (String algorithm : KEY_ALGORITHMS) {
        try {
          return KeyFactory.getInstance(algorithm)
              .generatePrivate(
                  new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(pem.group("der"))));
        } catch (InvalidKeySpecException | IllegalArgumentException e) {
          // Of another algorithm, or of none.
        } catch (NoSuchAlgorithmException e) {
          throw new IllegalStateException(e);
        }
      }
    }
    throw new IllegalArgumentException(
        setting + ": " + file + " is no private key (expected: PEM, PKCS #8, without a password)");
  }

  private static IllegalArgumentException unreadable(String setting, String file, IOException e) {
    String why = Files.exists(Path.of(file)) ? "cannot be read" : "is not there";
    return new IllegalArgumentException(setting + ": " + file + " " + why, e);
  }
}
