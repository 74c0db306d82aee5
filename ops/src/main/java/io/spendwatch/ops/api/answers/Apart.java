package io.spendwatch.ops.api.answers;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Does what has to wait for a server's answer on threads that nobody else waits for: so many at
 * once, while so many more may be due. Thread-safe.
 */
public final class Apart implements AutoCloseable {
  private static final int AT_ONCE = 2;
  private static final int DUE_MAX = 32;
  private static final long IDLE_SECONDS = 10;

  private final ThreadPoolExecutor threads;

  /** There is too much to do already. */
  public static final class BusyException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BusyException(Throwable cause) {
      super("too many questions of this kind wait for an answer: ask again in a moment", cause);
    }
  }

  /**
   * No thread is started before it is needed, and none stays.
   *
   * @param name of its threads
   */
  public Apart(String name) {
    threads =
        new ThreadPoolExecutor(
            AT_ONCE,
            AT_ONCE,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(DUE_MAX),
            Thread.ofPlatform().daemon().name(name + "-", 0).factory());
    threads.allowCoreThreadTimeOut(true);
  }

  /** What comes of the work; fails as it does, or with {@link BusyException}. */
  public <T> CompletionStage<T> ask(Supplier<T> work) {
    try {
      return CompletableFuture.supplyAsync(work, threads);
    } catch (RejectedExecutionException e) {
      return CompletableFuture.failedFuture(new CompletionException(new BusyException(e)));
    }
  }

  /** What is being done is interrupted. */
  @Override
  public void close() {
    threads.shutdownNow();
  }
}
