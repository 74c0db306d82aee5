package io.spendwatch.ops.archive;

import io.spendwatch.ops.archive.store.S3Store;
import io.spendwatch.ops.lab.sandbox.ObjectStore;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;

/** A store that speaks S3, and who asks it. */
final class S3Server implements AutoCloseable {
  static final String BUCKET = ObjectStore.BUCKET;

  private static final Path JAR =
      Path.of("..", "lab", "target", "object-store", "s3proxy.jar").toAbsolutePath().normalize();

  private final ObjectStore store;

  /**
   * Starts it and waits until it answers.
   *
   * @param directory for its objects
   */
  S3Server(Path directory) {
    this.store = ObjectStore.start(JAR, directory);
    authenticate(true);
  }

  /**
   * Whom the stores ask as, by system properties, which the standard chain looks at first.
   *
   * @param isRight false: with another secret
   */
  void authenticate(boolean isRight) {
    System.setProperty("aws.accessKeyId", ObjectStore.KEY);
    System.setProperty("aws.secretAccessKey", isRight ? ObjectStore.SECRET : "wrong");
  }

  URI endpoint() {
    return store.endpoint();
  }

  S3Store store(String prefix) {
    return new S3Store(URI.create("s3://" + BUCKET + "/" + prefix), Optional.of(endpoint()));
  }

  /** Takes it away. */
  void stop() {
    store.kill();
  }

  @Override
  public void close() {
    store.close();
    System.clearProperty("aws.accessKeyId");
    System.clearProperty("aws.secretAccessKey");
  }
}
