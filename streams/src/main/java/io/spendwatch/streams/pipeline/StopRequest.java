package io.spendwatch.streams.pipeline;

import io.spendwatch.streams.base.Timekeeper;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.Done;

/** That reading is to stop: said once, by any thread, and looked for by the one that reads. */
final class StopRequest {
  private final CompletableFuture<Done> made = new CompletableFuture<>();
  private final Timekeeper time;

  StopRequest(Timekeeper time) {
    this.time = time;
  }

  void make() {
    made.complete(Done.done());
  }

  boolean isMade() {
    return made.isDone();
  }

  /** Lets time pass, but not beyond the request. An interrupt is one. */
  void await(Duration atMost) {
    try {
      boolean _ = time.await(made, atMost);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      make();
    }
  }
}
