package io.spendwatch.ops.lab.sandbox;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.lab.process.GuardedProcess;
import io.spendwatch.ops.lab.sandbox.start.Ports;
import io.spendwatch.ops.lab.sandbox.start.Readiness;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * A store that speaks S3, in a process of its own: one bucket, whose objects are files below its
 * directory, and one key, without which nobody is let in. Thread-safe.
 */
public final class ObjectStore implements AutoCloseable {
  /** The bucket, which is there. */
  public static final String BUCKET = "archive";

  /** The key's name. */
  public static final String KEY = "sandbox";

  /** No word that stands in what commands print: there it would be masked. */
  public static final String SECRET = "not-secret";

  private static final int CONNECT_MAX_MS = 1000;

  private final GuardedProcess process;
  private final int port;

  private ObjectStore(GuardedProcess process, int port) {
    this.process = process;
    this.port = port;
  }

  /**
   * Starts a store and waits until it answers. Blocks.
   *
   * @param jar s3proxy with all that it needs
   * @param directory for its objects, its settings and its log
   * @throws OperatorException if it does not start
   */
  public static ObjectStore start(Path jar, Path directory) {
    if (!Files.exists(jar)) {
      throw new OperatorException("there is no object store: " + jar + " is missing; mvn package");
    }
    int port = Ports.free();
    Path settings = directory.resolve("s3proxy.conf");
    try {
      Path bucket = Files.createDirectories(directory.resolve("objects").resolve(BUCKET));
      // A directory that everybody on the machine may read is a bucket that everybody may read.
      Files.setPosixFilePermissions(bucket, PosixFilePermissions.fromString("rwx------"));
      Files.writeString(settings, settings(directory.resolve("objects"), port));
    } catch (IOException e) {
      throw new OperatorException("the object store cannot be made: " + e, e);
    }
    GuardedProcess process =
        GuardedProcess.start(
            new GuardedProcess.Command(
                "The object store",
                directory,
                GuardedProcess.StopSignal.TERM,
                Map.of(),
                List.of(),
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                    "-Xmx256m",
                    "-jar",
                    jar.toAbsolutePath().toString(),
                    "--properties",
                    settings.toAbsolutePath().toString())));
    try {
      Readiness.await(process, "the object store", port, () -> connect(port));
    } catch (OperatorException e) {
      process.close();
      throw e;
    }
    return new ObjectStore(process, port);
  }

  private static String settings(Path objects, int port) {
    return String.format(
        Locale.ROOT,
        """
        s3proxy.endpoint=http://%s:%d
        s3proxy.authorization=aws-v2-or-v4
        s3proxy.identity=%s
        s3proxy.credential=%s
        jclouds.provider=filesystem-nio2
        jclouds.identity=x
        jclouds.credential=x
        jclouds.filesystem.basedir=%s
        """,
        Ports.LOOPBACK,
        port,
        KEY,
        SECRET,
        objects.toAbsolutePath());
  }

  private static void connect(int port) throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(InetAddress.ofLiteral(Ports.LOOPBACK), port), CONNECT_MAX_MS);
    }
  }

  /** Where it answers. */
  public URI endpoint() {
    return URI.create("http://" + Ports.LOOPBACK + ":" + port);
  }

  /** The settings by which an archive is kept in it, as environment variables. */
  public Map<String, String> environment() {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("SPENDWATCH_ARCHIVE_URI", "s3://" + BUCKET + "/spendwatch");
    settings.put("SPENDWATCH_ARCHIVE_ENDPOINT", endpoint().toString());
    settings.put("AWS_ACCESS_KEY_ID", KEY);
    settings.put("AWS_SECRET_ACCESS_KEY", SECRET);
    return settings;
  }

  /** The store, and what it has started. */
  public Stream<ProcessHandle> processes() {
    return process.processes();
  }

  /** Completes with a line for people when it has ended, for whatever reason. */
  public CompletableFuture<String> ended() {
    return process.exit().thenApply(_ -> process.lastWords());
  }

  /** Kills it as {@code kill -9} does; what was put is still there. */
  public void kill() {
    process.kill();
  }

  @Override
  public void close() {
    process.close();
  }
}
