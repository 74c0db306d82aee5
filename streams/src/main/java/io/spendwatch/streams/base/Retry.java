package io.spendwatch.streams.base;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * One asynchronous operation, tried until it succeeds, fails for good, or nobody wants it any more.
 * The operation must be safe to repeat. No thread waits.
 *
 * @param <T> what it answers
 */
public final class Retry<T> {

  /** Hears of what goes on, for status and log. Called by any thread, never by two at once. */
  public interface Listener {
    /** A try failed and will be repeated; {@code failures} in a row, from 1. */
    void failed(Throwable cause, int failures);

    /** A try succeeded after {@code failures} failed ones, at least 1. */
    void recovered(int failures);
  }

  private final Supplier<CompletionStage<T>> operation;
  private final BackOff backOff;
  private final Timekeeper time;
  private final Predicate<Throwable> isTransient;
  private final BooleanSupplier wanted;
  private final Listener listener;
  private final CompletableFuture<T> result = new CompletableFuture<>();
  private int failures;

  private Retry(
      Supplier<CompletionStage<T>> operation,
      BackOff backOff,
      Timekeeper time,
      Predicate<Throwable> isTransient,
      BooleanSupplier wanted,
      Listener listener) {
    this.operation = operation;
    this.backOff = backOff;
    this.time = time;
    this.isTransient = isTransient;
    this.wanted = wanted;
    this.listener = listener;
  }

  /**
   * Starts the first try at once.
   *
   * @param isTransient which failures are worth another try
   * @param wanted asked before each try; once false, the answer is a {@link CancellationException}
   * @return completes on the thread that completes the operation
   */
  public static <T> CompletionStage<T> start(
      Supplier<CompletionStage<T>> operation,
      BackOff backOff,
      Timekeeper time,
      Predicate<Throwable> isTransient,
      BooleanSupplier wanted,
      Listener listener) {
    Retry<T> retry = new Retry<>(operation, backOff, time, isTransient, wanted, listener);
    retry.attempt();
    return retry.result;
  }

  /** The failure itself, out of the wrappers that futures put around it. */
  public static Throwable cause(Throwable failure) {
    Throwable cause = failure;
    while ((cause instanceof CompletionException || cause instanceof ExecutionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  /** What the failure itself says, for people; many time-outs have no words of their own. */
  public static String reason(Throwable failure) {
    Throwable cause = cause(failure);
    if (cause.getMessage() != null) {
      return cause.getMessage();
    }
    return cause instanceof TimeoutException
        ? "no answer in time"
        : cause.getClass().getSimpleName();
  }

  /** The innermost cause: libraries wrap what they have to say about their settings. */
  public static Throwable root(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root;
  }

  private void attempt() {
    if (!wanted.getAsBoolean()) {
      result.completeExceptionally(new CancellationException("no longer wanted"));
      return;
    }
    CompletionStage<T> stage;
    try {
      stage = operation.get();
    } catch (RuntimeException e) {
      stage = CompletableFuture.failedFuture(e);
    }
    stage.whenComplete(
        (value, failure) -> {
          if (failure == null) {
            succeeded(value);
          } else {
            failed(cause(failure));
          }
        });
  }

  private void succeeded(T value) {
    if (failures > 0) {
      listener.recovered(failures);
    }
    result.complete(value);
  }

  private void failed(Throwable cause) {
    if (!isTransient.test(cause)) {
      result.completeExceptionally(cause);
      return;
    }
    failures++;
    listener.failed(cause, failures);
    time.schedule(backOff.delayMs(failures, time.random()), this::attempt);
  }
}
