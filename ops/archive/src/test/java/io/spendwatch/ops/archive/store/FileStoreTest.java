package io.spendwatch.ops.archive.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.archive.store.ArchiveStore.Entry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileStoreTest {
  @TempDir private Path root;

  @Test
  void listsWhatIsThereWhileOthersComeAndGo() throws IOException {
    Path day = Files.createDirectories(root.resolve("day=2026-11-30"));
    Files.writeString(day.resolve("kept"), "rows");
    var store = new FileStore(root);
    var isOver = new AtomicBoolean();
    CompletableFuture<Void> others =
        CompletableFuture.runAsync(() -> comeAndGo(day, isOver), Thread::startVirtualThread);
    try {
      for (int look = 0; look < 2000; look++) {
        assertThat(store.list("day=2026-11-30/"))
            .extracting(Entry::name)
            .contains("day=2026-11-30/kept");
      }
    } finally {
      isOver.set(true);
      others.join();
    }
  }

  private static void comeAndGo(Path directory, AtomicBoolean isOver) {
    try {
      while (!isOver.get()) {
        for (int i = 0; i < 50; i++) {
          Files.writeString(directory.resolve("other" + i), "rows");
        }
        for (int i = 0; i < 50; i++) {
          Files.delete(directory.resolve("other" + i));
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
