package io.spendwatch.ops.archive;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.archive.store.ArchiveStore;
import io.spendwatch.ops.archive.store.FileStore;
import io.spendwatch.ops.archive.store.S3Store;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A directory and a bucket promise the same. */
@Timeout(180)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ArchiveStoreIT {
  @TempDir private static Path directory;
  private S3Server server;
  private int number;

  @BeforeAll
  void start() throws IOException {
    server = new S3Server(directory.resolve("server"));
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private ArchiveStore store(String kind) {
    String prefix = "p/ü " + number++;
    return kind.equals("s3")
        ? server.store("p" + number)
        : new FileStore(directory.resolve("files").resolve(prefix));
  }

  @ParameterizedTest
  @ValueSource(strings = {"file", "s3"})
  void givesBackWhatItWasGiven(String kind) throws Exception {
    try (ArchiveStore store = store(kind)) {
      assertThat(store.list("t/")).isEmpty();
      assertThat(store.fetch("t/day=2026-03-10/part-1", directory)).isEmpty();
      assertThat(store.read("manifests/x.json")).isEmpty();
      // More than a part.
      byte[] large = new byte[70 << 20];
      new Random(1).nextBytes(large);
      for (byte[] content : List.of(large, new byte[0], "small".getBytes(UTF_8))) {
        Path file = Files.write(directory.resolve("given"), content);
        String name = "t/day=2026-03-10/part-" + content.length;
        store.put(name, file);
        assertThat(store.fetch(name, directory).orElseThrow()).hasBinaryContent(content);
      }
      assertThat(store.list("t/day=2026-03-10/"))
          .extracting(ArchiveStore.Entry::name, ArchiveStore.Entry::bytes)
          .containsExactlyInAnyOrder(
              tuple("t/day=2026-03-10/part-" + large.length, (long) large.length),
              tuple("t/day=2026-03-10/part-0", 0L),
              tuple("t/day=2026-03-10/part-5", 5L));
      assertThat(store.list("t/day=2026-03-11/")).isEmpty();
      store.delete("t/day=2026-03-10/part-5");
      store.delete("t/day=2026-03-10/part-5");
      assertThat(store.fetch("t/day=2026-03-10/part-5", directory)).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"file", "s3"})
  void ofSeveralThatPutAtOnceOneIsFirst(String kind) throws Exception {
    try (ArchiveStore store = store(kind);
        // The server of these tests looks, and then puts; S3 does both at once.
        ExecutorService others = Executors.newFixedThreadPool(kind.equals("s3") ? 1 : 4)) {
      String name = ArchiveStore.MANIFESTS + "x.json";
      Optional<String> version = Optional.empty();
      for (int round = 0; round < 5; round++) {
        Optional<String> seen = version;
        List<Callable<Boolean>> puts = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
          byte[] content = (round + " by " + i).getBytes(UTF_8);
          puts.add(() -> store.putIf(name, content, seen));
        }
        int first = 0;
        for (Future<Boolean> put : others.invokeAll(puts)) {
          first += put.get() ? 1 : 0;
        }
        assertThat(first).isOne();
        ArchiveStore.Content content = store.read(name).orElseThrow();
        assertThat(new String(content.bytes(), UTF_8)).startsWith(round + " by ");
        version = Optional.of(content.version());
      }
      assertThat(store.putIf(name, new byte[] {1}, Optional.empty())).isFalse();
      assertThat(store.putIf(ArchiveStore.MANIFESTS + "y.json", new byte[] {1}, version)).isFalse();
    }
  }

  @Test
  void saysWhyABucketDoesNotTakeIt() throws Exception {
    Path file = Files.writeString(directory.resolve("given"), "x");
    server.authenticate(false);
    try (ArchiveStore store = server.store("p")) {
      assertThatThrownBy(() -> store.put("t/x", file))
          .isInstanceOf(OperatorException.class)
          .hasMessageContaining("the archive at s3://archive/p cannot take t/x: 403");
    } finally {
      server.authenticate(true);
    }
    try (ArchiveStore store =
        new S3Store(URI.create("s3://nobodys-bucket"), Optional.of(server.endpoint()))) {
      assertThatThrownBy(() -> store.put("t/x", file)).hasMessageContaining("NoSuchBucket");
      assertThatThrownBy(() -> store.read("t/x")).hasMessageContaining("cannot give t/x");
    }
  }
}
