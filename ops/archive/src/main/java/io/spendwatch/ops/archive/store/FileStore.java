package io.spendwatch.ops.archive.store;

import io.spendwatch.errors.OperatorException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * A directory. A file is written under another name, to the disk, and then renamed. Who puts a
 * manifest holds a lock of the file system meanwhile, which all machines that share the directory
 * must know.
 */
public final class FileStore implements ArchiveStore {
  private static final String UNFINISHED = ".unfinished-";
  private static final String LOCK = ArchiveStore.MANIFESTS + ".lock";

  /** The file system's lock holds between processes. */
  private static final Object ONE_AT_A_TIME = new Object();

  private final Path root;

  public FileStore(Path root) {
    this.root = root;
  }

  @Override
  public String address() {
    return root.toUri().toString();
  }

  @Override
  public void put(String name, Path file) {
    Path target = root.resolve(name);
    try {
      Path unfinished = unfinished(target);
      try {
        Files.copy(file, unfinished);
        finish(unfinished, target);
      } finally {
        Files.deleteIfExists(unfinished);
      }
    } catch (IOException e) {
      throw failure("cannot take " + name, e);
    }
  }

  private static Path unfinished(Path target) throws IOException {
    Files.createDirectories(target.getParent());
    return target.resolveSibling(UNFINISHED + UUID.randomUUID());
  }

  /** On the disk before it has its name, and its name on the disk before anybody relies on it. */
  private static void finish(Path unfinished, Path target) throws IOException {
    try (FileChannel file = FileChannel.open(unfinished, StandardOpenOption.WRITE)) {
      file.force(true);
    }
    Files.move(
        unfinished, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    try (FileChannel directory = FileChannel.open(target.getParent(), StandardOpenOption.READ)) {
      directory.force(true);
    }
  }

  @Override
  public boolean putIf(String name, byte[] content, Optional<String> replaced) {
    Path target = root.resolve(name);
    try {
      Files.createDirectories(root.resolve(ArchiveStore.MANIFESTS));
      synchronized (ONE_AT_A_TIME) {
        try (FileChannel channel =
                FileChannel.open(
                    root.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock _ = channel.lock()) {
          if (!read(name).map(Content::version).equals(replaced)) {
            return false;
          }
          write(content, target);
          return true;
        }
      }
    } catch (IOException e) {
      throw failure("cannot take " + name, e);
    }
  }

  private static void write(byte[] content, Path target) throws IOException {
    Path unfinished = unfinished(target);
    try {
      try (FileChannel file =
          FileChannel.open(unfinished, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        ByteBuffer left = ByteBuffer.wrap(content);
        while (left.hasRemaining()) {
          int _ = file.write(left);
        }
      }
      finish(unfinished, target);
    } finally {
      Files.deleteIfExists(unfinished);
    }
  }

  @Override
  public Optional<Content> read(String name) {
    try {
      byte[] bytes = Files.readAllBytes(root.resolve(name));
      return Optional.of(new Content(bytes, Sha256.of(bytes)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw failure("cannot read " + name, e);
    }
  }

  @Override
  public Optional<Path> fetch(String name, Path directory) {
    Path file = root.resolve(name);
    return Files.isRegularFile(file) ? Optional.of(file) : Optional.empty();
  }

  @Override
  public List<Entry> list(String prefix) {
    int slash = prefix.lastIndexOf('/');
    Path directory = root.resolve(prefix.substring(0, slash + 1));
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    List<Entry> entries = new ArrayList<>();
    try {
      Files.walkFileTree(
          directory,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
              String name = root.relativize(file).toString().replace('\\', '/');
              if (name.startsWith(prefix) && attributes.isRegularFile()) {
                entries.add(
                    new Entry(name, attributes.size(), attributes.lastModifiedTime().toInstant()));
              }
              return FileVisitResult.CONTINUE;
            }

            // Others write and remove meanwhile: what has gone is not there.
            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
              if (e instanceof NoSuchFileException) {
                return FileVisitResult.CONTINUE;
              }
              throw e;
            }
          });
      return entries;
    } catch (IOException e) {
      throw failure("cannot list " + prefix, e);
    }
  }

  @Override
  public void delete(String name) {
    try {
      Files.deleteIfExists(root.resolve(name));
    } catch (IOException e) {
      throw failure("cannot remove " + name, e);
    }
  }

  /** The system's word for it, such as: No space left on device. */
  private OperatorException failure(String what, IOException e) {
    String why =
        e instanceof FileSystemException known
            ? known.getReason() == null ? e.getClass().getSimpleName() : known.getReason()
            : e.getMessage();
    return new OperatorException("the archive at " + address() + " " + what + ": " + why, e);
  }

  @Override
  public void close() {
    // Nothing is kept open.
  }
}
