package io.spendwatch.ops.lab.sandbox.start;

import io.spendwatch.errors.OperatorException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Comparator;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * A directory that holds the embedded servers' data, used by one process at a time.
 *
 * <p>The operating system releases the lock with the process, however that ends: a killed run
 * leaves nothing to clear away.
 */
public final class DataDirectory implements AutoCloseable {
  private static final int DELETE_TRIES = 40;
  private static final Duration DELETE_PAUSE = Duration.ofMillis(250);

  private final Path root;
  private final FileChannel channel;
  private final boolean temporary;

  private DataDirectory(Path root, FileChannel channel, boolean temporary) {
    this.root = root;
    this.channel = channel;
    this.temporary = temporary;
  }

  /**
   * Takes a directory, which is made if absent, and keeps it after {@link #close()}.
   *
   * @throws OperatorException if another process uses it, or it cannot be written
   */
  public static DataDirectory take(Path directory) {
    Path root = directory.toAbsolutePath().normalize();
    try {
      Files.createDirectories(root);
      return new DataDirectory(root, lock(root), false);
    } catch (IOException e) {
      throw new OperatorException("data directory " + root + " cannot be used: " + e, e);
    }
  }

  /** Makes a directory of its own that {@link #close()} deletes. */
  public static DataDirectory temporary() {
    try {
      Path root = Files.createTempDirectory("spendwatch-");
      return new DataDirectory(root, lock(root), true);
    } catch (IOException e) {
      throw new OperatorException("no temporary directory can be made: " + e, e);
    }
  }

  /** Where Kafka keeps what it has. */
  public Path kafka() {
    return root.resolve("kafka");
  }

  /** Where PostgreSQL keeps what it has. */
  public Path postgres() {
    return root.resolve("postgres");
  }

  /** Where a replica of that PostgreSQL keeps what it has. */
  public Path replica() {
    return root.resolve("replica");
  }

  /** Where a business database of this product keeps what it has. */
  public Path business(String product) {
    return root.resolve("business").resolve(product);
  }

  /** Where an object store keeps what it has. */
  public Path objectStore() {
    return root.resolve("object-store");
  }

  /** Where a token for the nodes' interface is kept. */
  public Path http() {
    return root.resolve("http");
  }

  /** The directory itself. */
  public Path root() {
    return root;
  }

  /** Lets others use it; deletes a temporary one. To be called after the servers have stopped. */
  @Override
  public void close() {
    try {
      if (temporary) {
        deleteTreeOfEnding(root);
      }
      channel.close();
    } catch (IOException e) {
      throw new OperatorException("data directory " + root + " cannot be given back: " + e, e);
    }
  }

  private static FileChannel lock(Path root) throws IOException {
    Path file = root.resolve("lock");
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      FileLock lock = channel.tryLock();
      if (lock == null) {
        String holder = Files.readString(file).strip();
        channel.close();
        throw inUse(root, " (process " + holder + ")");
      }
    } catch (OverlappingFileLockException e) {
      channel.close();
      throw inUse(root, " in this process");
    }
    channel.truncate(0);
    channel.write(
        ByteBuffer.wrap(
            Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.UTF_8)));
    return channel;
  }

  private static OperatorException inUse(Path root, String by) {
    return new OperatorException(
        "data directory " + root + " is in use by another sandbox or demo" + by);
  }

  /** Processes of a server that had to be killed may write for a moment longer. */
  private static void deleteTreeOfEnding(Path root) throws IOException {
    for (int tries = 1; ; tries++) {
      try {
        deleteTree(root);
        return;
      } catch (DirectoryNotEmptyException | NoSuchFileException e) {
        if (tries == DELETE_TRIES) {
          throw e;
        }
        LockSupport.parkNanos(DELETE_PAUSE.toNanos());
      }
    }
  }

  public static void deleteTree(Path root) throws IOException {
    if (!Files.exists(root)) {
      return;
    }
    try (Stream<Path> walk = Files.walk(root)) {
      for (Path path : walk.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (UncheckedIOException e) {
      // So a walk says that what it comes to has gone.
      throw e.getCause();
    }
  }
}
