package io.spendwatch.ops.questions;

import io.spendwatch.actors.partition.PartitionQuery.By;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Who is nearest to their limit, asked at most once a second for each kind and size of answer,
 * however many want to know. Thread-safe, blocks nobody.
 */
public final class RecentTops {
  private static final int FRESH_MS = 1_000;

  /** Sizes that are asked for: with any number of them, there would be any number of answers. */
  private static final int[] SIZES = {20, 100, 500};

  private record Kind(By by, int size) {}

  private record Asked(long atMs, CompletableFuture<TopAnswer> answer) {
    boolean isFresh(long nowMs) {
      return Math.abs(nowMs - atMs) < FRESH_MS && !answer.isCompletedExceptionally();
    }
  }

  private final Users users;
  private final InstantSource clock;

  /** At most one for each by and size. */
  private final ConcurrentMap<Kind, Asked> asked = new ConcurrentHashMap<>();

  public RecentTops(Users users, InstantSource clock) {
    this.users = users;
    this.clock = clock;
  }

  /**
   * So many, of at most a second ago.
   *
   * @param limit 1 to 500
   */
  public CompletionStage<TopAnswer> first(By by, int limit) {
    long nowMs = clock.millis();
    return asked
        .compute(
            new Kind(by, size(limit)),
            (kind, before) ->
                before != null && before.isFresh(nowMs) ? before : new Asked(nowMs, ask(kind)))
        .answer()
        .thenApply(answer -> answer.first(limit));
  }

  private CompletableFuture<TopAnswer> ask(Kind kind) {
    return users
        .top(kind.by, kind.size)
        .thenApply(top -> TopAnswer.of(top, clock.millis()))
        .toCompletableFuture();
  }

  private static int size(int limit) {
    for (int size : SIZES) {
      if (limit <= size) {
        return size;
      }
    }
    return SIZES[SIZES.length - 1];
  }
}
