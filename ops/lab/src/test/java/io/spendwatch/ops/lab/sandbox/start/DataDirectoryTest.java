package io.spendwatch.ops.lab.sandbox.start;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.RepeatedTest;

class DataDirectoryTest {
  /** As a server does that was killed, whose processes end one after the other. */
  @RepeatedTest(20)
  void isDeletedWhileAnEndingServerRemovesItsFiles() throws IOException {
    DataDirectory directory = DataDirectory.temporary();
    Path files = Files.createDirectories(directory.postgres());
    for (int i = 0; i < 500; i++) {
      Files.createFile(files.resolve("file" + i));
    }
    CompletableFuture<Void> ending =
        CompletableFuture.runAsync(() -> remove(files), Thread::startVirtualThread);
    directory.close();
    ending.join();
    assertThat(directory.root()).doesNotExist();
  }

  private static void remove(Path files) {
    try {
      for (int i = 499; i >= 0; i--) {
        Files.deleteIfExists(files.resolve("file" + i));
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
