package io.spendwatch.ops.questions;

import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** Lets so many questions be under way at a time. Thread-safe. */
public final class Gate {
  private final int underWayMax;
  private final AtomicInteger underWay = new AtomicInteger();

  public Gate(int underWayMax) {
    this.underWayMax = underWayMax;
  }

  /** Asks, where there is room; empty where too many are under way, and nothing is asked. */
  public <T> Optional<CompletionStage<T>> pass(Supplier<CompletionStage<T>> question) {
    if (underWay.incrementAndGet() > underWayMax) {
      underWay.decrementAndGet();
      return Optional.empty();
    }
    try {
      return Optional.of(question.get().whenComplete((_, _) -> underWay.decrementAndGet()));
    } catch (RuntimeException e) {
      underWay.decrementAndGet();
      throw e;
    }
  }
}
