package io.spendwatch.ops.tls;

import io.spendwatch.streams.base.ConfigSection;
import java.util.Optional;

/**
 * The PEM files of one end of TLS, as a section of the settings names them.
 *
 * @param path of the section, for people
 * @param certificate our own, with those that vouch for it
 * @param key of that certificate: PKCS #8 without a password
 * @param authorities whose word is taken about others
 */
public record TlsFiles(
    String path, Optional<String> certificate, Optional<String> key, Optional<String> authorities) {
  private static final String CERTIFICATE = "certificate-file";
  private static final String KEY = "key-file";
  private static final String AUTHORITIES = "authorities-file";

  public TlsFiles {
    ConfigSection.check(
        certificate.isPresent() == key.isPresent(),
        path + "." + CERTIFICATE,
        certificate.orElse("\"\""),
        KEY + " as well, or neither");
  }

  /** Reads {@code certificate-file}, {@code key-file} and {@code authorities-file}. */
  public static TlsFiles from(ConfigSection section) {
    return new TlsFiles(
        section.path(),
        named(section, CERTIFICATE),
        named(section, KEY),
        named(section, AUTHORITIES));
  }

  private static Optional<String> named(ConfigSection section, String key) {
    return Optional.of(section.string(key)).filter(file -> !file.isBlank());
  }

  /** Whether connections are to be encrypted. */
  public boolean isOn() {
    return certificate.isPresent();
  }

  /** Whether the other end is told apart by more than Java's own authorities. */
  public boolean hasAuthorities() {
    return authorities.isPresent();
  }

  String certificateSetting() {
    return path + "." + CERTIFICATE;
  }

  String keySetting() {
    return path + "." + KEY;
  }

  String authoritiesSetting() {
    return path + "." + AUTHORITIES;
  }
}
