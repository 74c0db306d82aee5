package io.spendwatch.ops.archive;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.archive.store.ArchiveStore;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A store that fails at one of its calls, before it does it or after: as a crash between would.
 * Giving back what was put is no call: it is as if the putting had failed when it was done.
 */
class BrokenStore implements ArchiveStore {
  private final ArchiveStore store;
  private final int failingCall;
  private final boolean isDone;
  private int calls;

  /**
   * @param failingCall which, from 0
   * @param isDone whether it is done all the same: of those that change something, that is
   */
  BrokenStore(ArchiveStore store, int failingCall, boolean isDone) {
    this.store = store;
    this.failingCall = failingCall;
    this.isDone = isDone;
  }

  /** A call. */
  private interface Call<T> {
    T make();
  }

  /** Whether a call that only reads is done makes no difference. */
  private <T> T read(Call<T> call) {
    return isDone ? call.make() : call(call);
  }

  private <T> T call(Call<T> call) {
    if (calls++ != failingCall) {
      return call.make();
    }
    if (isDone) {
      T _ = call.make();
    }
    throw new OperatorException("No space left on device");
  }

  /** Whether it has failed. */
  boolean hasFailed() {
    return calls > failingCall;
  }

  @Override
  public String address() {
    return store.address();
  }

  @Override
  public void put(String name, Path file) {
    Object _ =
        call(
            () -> {
              store.put(name, file);
              return name;
            });
  }

  @Override
  public boolean putIf(String name, byte[] content, Optional<String> replaced) {
    return call(() -> store.putIf(name, content, replaced));
  }

  @Override
  public Optional<Content> read(String name) {
    return read(() -> store.read(name));
  }

  @Override
  public Optional<Path> fetch(String name, Path directory) {
    return store.fetch(name, directory);
  }

  @Override
  public List<Entry> list(String prefix) {
    return store.list(prefix);
  }

  @Override
  public void delete(String name) {
    Object _ =
        call(
            () -> {
              store.delete(name);
              return name;
            });
  }

  @Override
  public void close() {
    store.close();
  }
}
