package io.spendwatch.ops.archive;

import io.spendwatch.ops.archive.store.ArchiveStore;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;

/** A store in which somebody hangs, from the first file on until let go. */
final class HeldStore extends BrokenStore {
  private final CompletableFuture<Void> reached = new CompletableFuture<>();
  private final CompletableFuture<Void> released = new CompletableFuture<>();

  HeldStore(ArchiveStore store) {
    super(store, Integer.MAX_VALUE, false);
  }

  /** Completes when somebody hangs in it. */
  CompletableFuture<Void> reached() {
    return reached;
  }

  void release() {
    var _ = released.complete(null);
  }

  @Override
  public void put(String name, Path file) {
    var _ = reached.complete(null);
    var _ = released.join();
    super.put(name, file);
  }
}
