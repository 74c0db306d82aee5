package io.spendwatch.ops.analysis;

import io.spendwatch.ops.analysis.answer.AnalysisAnswer;
import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.base.Timekeeper;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;

/**
 * Answers reports, those who ask the same with the same while that is young enough.
 *
 * <pre>
 *   asked ──kept, within the bound on age──▶ that; past half of its time, if dear, a reading begins behind it
 *     ├─────being read────────────────────▶ waits for that reading
 *     └─────neither, or a bound of 0──────▶ a reading begins
 * </pre>
 *
 * <p>Where roll-ups are behind by more than the bound, nothing that could be read is within it, and
 * an answer is given for so long after it was read: else each question would be read, and what that
 * takes of the server would keep the roll-ups behind.
 *
 * <p>What is being read is waited for whatever the bound, unless that is 0: a reading that began
 * later would be no younger when it was there. After a question with 0, all others wait for its
 * reading, the newest. Readings that fail are not kept. One is given up with the last who waits for
 * it; one that began behind an answer is not.
 *
 * <p>Each node has its own. For any thread; blocks nobody.
 */
public final class SharedReports {
  /** No answer is kept for longer, so nobody can allow for more. */
  public static final Duration AGE_MAX = Duration.ofMinutes(10);

  /**
   * A reading that took as long, waiting for a connection included, is dear: people notice what
   * takes a tenth of a second.
   */
  private static final long DEAR_MS = 100;

  /** About what the JVM takes for a row, and for a value in it beside a text's characters. */
  private static final long ROW_BYTES = 48;

  private static final long VALUE_BYTES = 56;

  private final BiFunction<ReportQuestion, CompletionStage<?>, CompletionStage<AnalysisAnswer>>
      reader;
  private final AnalysisConfig.Sharing limits;
  private final Timekeeper time;
  private final AnalysisMetrics metrics;

  /** The youngest to each question; who was asked for last is last. Guarded by this. */
  private final Map<ReportQuestion, Kept> kept = new LinkedHashMap<>(16, 0.75f, true);

  /** What they take together. Guarded by this. */
  private long keptBytes;

  /** The newest of each question. Guarded by this. */
  private final Map<ReportQuestion, Reading> readings = new HashMap<>();

  /** An answer, and since when it is there. */
  private record Kept(AnalysisAnswer answer, long sinceNanos, long bytes) {
    long ageMs(long nowNanos) {
      return answer.ageMs() + sinceMs(nowNanos);
    }

    private long sinceMs(long nowNanos) {
      return Duration.ofNanos(nowNanos - sinceNanos).toMillis();
    }

    /** For how long it is still to be given to who asks with this bound; negative for no longer. */
    long leftMs(long boundMs, long nowNanos) {
      return boundMs - (answer.ageMs() > boundMs ? sinceMs(nowNanos) : ageMs(nowNanos));
    }

    /** Whether half of the time is over for which it is given. */
    boolean isPastHalf(long boundMs, long nowNanos) {
      return sinceMs(nowNanos) > leftMs(boundMs, nowNanos);
    }

    boolean isDear() {
      return answer.tookMs() >= DEAR_MS;
    }
  }

  /** A question that PostgreSQL is at. */
  private static final class Reading {
    private final ReportQuestion question;
    private final CompletableFuture<AnalysisAnswer> answer = new CompletableFuture<>();
    private final CompletableFuture<Void> unwanted = new CompletableFuture<>();

    /** Who wants it: at first who has begun it. Guarded by the class around it. */
    private int waiting = 1;

    Reading(ReportQuestion question) {
      this.question = question;
    }
  }

  /**
   * @param reader reads a report, without blocking, until its second argument completes: then
   *     nobody wants it any more
   * @param limits of what is kept, and for how long
   */
  public SharedReports(
      BiFunction<ReportQuestion, CompletionStage<?>, CompletionStage<AnalysisAnswer>> reader,
      AnalysisConfig.Sharing limits,
      Timekeeper time,
      AnalysisMetrics metrics) {
    this.reader = reader;
    this.limits = limits;
    this.time = time;
    this.metrics = metrics;
  }

  /**
   * Answers a report.
   *
   * @param ageMax how old an answer may be that was read for somebody else, in whole milliseconds,
   *     at most {@link #AGE_MAX}; one that was older when it was there, for how long after that; 0
   *     for one that is read after this call; empty for the setting's
   * @param unwanted completes when this caller does not want the answer any more
   * @return completes on the reader's thread, or is complete; fails as the reader does, and with
   *     {@link CancellationException} once it is unwanted
   */
  public CompletionStage<AnalysisAnswer> answer(
      ReportQuestion asked, Optional<Duration> ageMax, CompletionStage<?> unwanted) {
    ReportQuestion question = asked.normalised();
    long boundMs = ageMax.orElse(limits.answersFor()).toMillis();
    Optional<AnalysisAnswer> there;
    Optional<Reading> begun = Optional.empty();
    Reading awaited;
    synchronized (this) {
      long nowNanos = time.nanoTime();
      there = young(question, boundMs, nowNanos);
      awaited = boundMs == 0 ? null : readings.get(question);
      if (there.isEmpty() && awaited != null) {
        awaited.waiting++;
      } else if (awaited == null && (there.isEmpty() || isToRefresh(question, boundMs, nowNanos))) {
        awaited = new Reading(question);
        readings.put(question, awaited);
        begun = Optional.of(awaited);
      }
    }
    // Not before the lock is free: whoever reads may answer at once.
    begun.ifPresent(this::read);
    String report = question.report().word();
    if (there.isPresent()) {
      metrics.shared(report);
      return CompletableFuture.completedStage(there.get());
    }
    CompletableFuture<AnalysisAnswer> answer = await(awaited, unwanted);
    return begun.isPresent()
        ? answer
        : answer.whenComplete(
            (_, failure) -> {
              if (failure == null) {
                metrics.shared(report);
              }
            });
  }

  /** What is kept and to be given again, as old as it is now. */
  private Optional<AnalysisAnswer> young(ReportQuestion question, long boundMs, long nowNanos) {
    Kept there = boundMs == 0 ? null : kept.get(question);
    return there == null || there.leftMs(boundMs, nowNanos) < 0
        ? Optional.empty()
        : Optional.of(there.answer.withAgeMs(there.ageMs(nowNanos)));
  }

  private boolean isToRefresh(ReportQuestion question, long boundMs, long nowNanos) {
    Kept there = kept.get(question);
    return there.isDear() && there.isPastHalf(boundMs, nowNanos);
  }

  private void read(Reading reading) {
    var _ =
        CompletableFuture.completedStage(reading.question)
            .thenCompose(question -> reader.apply(question, reading.unwanted))
            .whenComplete(
                (answer, failure) -> {
                  if (failure == null) {
                    end(reading, answer);
                  } else {
                    fail(reading, failure);
                  }
                });
  }

  private void end(Reading reading, AnalysisAnswer answer) {
    long bytes = bytes(answer);
    synchronized (this) {
      boolean _ = readings.remove(reading.question, reading);
      keep(reading.question, new Kept(answer, time.nanoTime(), bytes));
    }
    metrics.read(reading.question.report().word(), Duration.ofMillis(answer.tookMs()));
    reading.answer.complete(answer);
  }

  private void fail(Reading reading, Throwable failure) {
    synchronized (this) {
      boolean _ = readings.remove(reading.question, reading);
    }
    reading.answer.completeExceptionally(Retry.cause(failure));
  }

  private void keep(ReportQuestion question, Kept read) {
    long nowNanos = read.sinceNanos;
    Kept before = kept.get(question);
    // A reading can overtake one that began before it.
    boolean isYoungest = before == null || read.ageMs(nowNanos) <= before.ageMs(nowNanos);
    if (isYoungest && limits.answersMax() > 0 && read.bytes <= limits.bytesMax()) {
      kept.put(question, read);
      keptBytes += read.bytes - (before == null ? 0 : before.bytes);
    }
    Iterator<Kept> longestUnasked = kept.values().iterator();
    while (longestUnasked.hasNext()) {
      Kept each = longestUnasked.next();
      boolean isTooMuch = kept.size() > limits.answersMax() || keptBytes > limits.bytesMax();
      if (isTooMuch || each.ageMs(nowNanos) > AGE_MAX.toMillis()) {
        keptBytes -= each.bytes;
        longestUnasked.remove();
      }
    }
  }

  private static long bytes(AnalysisAnswer answer) {
    long bytes = ROW_BYTES;
    for (List<Object> row : answer.rows()) {
      bytes += ROW_BYTES;
      for (Object value : row) {
        bytes += VALUE_BYTES + (value instanceof String text ? 2L * text.length() : 0);
      }
    }
    return bytes;
  }

  private CompletableFuture<AnalysisAnswer> await(Reading reading, CompletionStage<?> unwanted) {
    CompletableFuture<AnalysisAnswer> answer = reading.answer.copy();
    // Once either is there, the other forgets this: a connection has many requests, one after the
    // other.
    var _ =
        CompletableFuture.anyOf(answer, unwanted.toCompletableFuture())
            .whenComplete(
                (_, _) -> {
                  if (!answer.isDone()) {
                    leave(reading);
                    answer.completeExceptionally(
                        new CancellationException("nobody wants the answer any more"));
                  }
                });
    return answer;
  }

  private void leave(Reading reading) {
    boolean isLast;
    synchronized (this) {
      reading.waiting--;
      isLast = reading.waiting == 0;
      if (isLast) {
        // Who comes now is not to wait for what is being given up.
        boolean _ = readings.remove(reading.question, reading);
      }
    }
    if (isLast) {
      reading.unwanted.complete(null);
    }
  }
}
