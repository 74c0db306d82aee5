package io.spendwatch.ops.lab.sandbox;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * An authority of our own, and the certificates that it signs, made by the JDK's keytool; PEM files
 * in one directory.
 */
public final class Certificates {
  private static final String PASSWORD = "not-a-secret";

  private final Path directory;
  private final String authority;

  private Certificates(Path directory, String authority) {
    this.directory = directory;
    this.authority = authority;
  }

  /** Makes an authority; its certificate is {@code NAME.crt}. */
  public static Certificates authority(Path directory, String name) {
    var made = new Certificates(directory, name);
    made.keyPair(name, "CN=" + name, "bc:critical=ca:true");
    made.keytool(
        List.of("-exportcert", "-rfc", "-alias", name, "-file", made.file(name, "crt").toString()),
        name);
    return made;
  }

  /** The authority's certificate. */
  public Path root() {
    return file(authority, "crt");
  }

  /**
   * Signs a certificate for {@code CN=commonName}: {@code NAME.crt}, with its key in {@code
   * NAME.key}.
   *
   * @param san what else it is for, as keytool has it; empty for nothing
   */
  public Path issue(String name, String commonName, String san) {
    keyPair(name, "CN=" + commonName, "");
    Path request = file(name, "csr");
    keytool(List.of("-certreq", "-alias", name, "-file", request.toString()), name);
    Path certificate = file(name, "crt");
    List<String> sign =
        new ArrayList<>(
            List.of("-gencert", "-rfc", "-alias", authority, "-infile", request.toString()));
    sign.addAll(List.of("-outfile", certificate.toString(), "-validity", "30"));
    if (!san.isEmpty()) {
      sign.addAll(List.of("-ext", "san=" + san));
    }
    keytool(sign, authority);
    writeKey(name);
    return certificate;
  }

  /** Of a certificate that was issued. */
  public Path key(String name) {
    return file(name, "key");
  }

  private void keyPair(String name, String subject, String extension) {
    List<String> make = new ArrayList<>(List.of("-genkeypair", "-alias", name, "-dname", subject));
    make.addAll(List.of("-keyalg", "RSA", "-keysize", "2048", "-validity", "30"));
    if (!extension.isEmpty()) {
      make.addAll(List.of("-ext", extension));
    }
    keytool(make, name);
  }

  private void writeKey(String name) {
    try (InputStream in = Files.newInputStream(file(name, "p12"))) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(in, PASSWORD.toCharArray());
      Path key = file(name, "key");
      Files.createFile(
          key, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.writeString(
          key,
          "-----BEGIN PRIVATE KEY-----\n"
              + Base64.getMimeEncoder(64, new byte[] {'\n'})
                  .encodeToString(store.getKey(name, PASSWORD.toCharArray()).getEncoded())
              + "\n-----END PRIVATE KEY-----\n",
          StandardCharsets.US_ASCII);
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private void keytool(List<String> arguments, String store) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(arguments);
    command.addAll(List.of("-keystore", file(store, "p12").toString(), "-storetype", "PKCS12"));
    command.addAll(List.of("-storepass", PASSWORD));
    Path log = file(store, "log");
    try {
      int status =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start()
              .waitFor();
      if (status != 0) {
        throw new IllegalStateException(command + ": " + Files.readString(log));
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private Path file(String name, String suffix) {
    return directory.resolve(name + "." + suffix);
  }
}
