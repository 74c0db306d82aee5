package io.spendwatch.ops.archive;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.lab.sandbox.Ports;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** A store that speaks S3, in a process of its own; its secrets are checked. */
final class S3Server implements AutoCloseable {
  static final String BUCKET = "archive";
  private static final String KEY = "a-key";
  private static final String SECRET = "a-secret";
  private static final Duration START_MAX = Duration.ofMinutes(2);

  private final Process process;
  private final int port = Ports.free();

  /**
   * Starts it and waits until it answers.
   *
   * @param directory for its objects
   */
  S3Server(Path directory) throws IOException {
    Path jar =
        Path.of(System.getProperty("spendwatch.test.s3proxy", "target/object-store/s3proxy.jar"))
            .toAbsolutePath();
    assertThat(jar).exists();
    Files.createDirectories(directory.resolve("objects").resolve(BUCKET));
    Path settings = directory.resolve("s3proxy.conf");
    Files.writeString(
        settings,
        String.format(
            Locale.ROOT,
            """
            s3proxy.endpoint=http://127.0.0.1:%d
            s3proxy.authorization=aws-v2-or-v4
            s3proxy.identity=%s
            s3proxy.credential=%s
            jclouds.provider=filesystem-nio2
            jclouds.identity=x
            jclouds.credential=x
            jclouds.filesystem.basedir=%s
            """,
            port,
            KEY,
            SECRET,
            directory.resolve("objects")));
    process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                "-jar",
                jar.toString(),
                "--properties",
                settings.toString())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("s3proxy.log").toFile())
            .start();
    Awaitility.await().atMost(START_MAX).until(this::listens);
    authenticate(true);
  }

  private boolean listens() {
    assertThat(process.isAlive()).isTrue();
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Whom the stores ask as, by system properties, which the standard chain looks at first.
   *
   * @param isRight false: with another secret
   */
  void authenticate(boolean isRight) {
    System.setProperty("aws.accessKeyId", KEY);
    System.setProperty("aws.secretAccessKey", isRight ? SECRET : "wrong");
  }

  URI endpoint() {
    return URI.create("http://127.0.0.1:" + port);
  }

  S3Store store(String prefix) {
    return new S3Store(URI.create("s3://" + BUCKET + "/" + prefix), Optional.of(endpoint()));
  }

  /** Takes it away. */
  void stop() throws InterruptedException {
    process.destroyForcibly();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
  }

  @Override
  public void close() {
    process.destroyForcibly();
    System.clearProperty("aws.accessKeyId");
    System.clearProperty("aws.secretAccessKey");
  }
}
