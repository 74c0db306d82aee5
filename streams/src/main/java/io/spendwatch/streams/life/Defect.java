package io.spendwatch.streams.life;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.streams.base.Retry;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * A batch failed for a reason that may lie in its records: our own code threw, or the database
 * refused what is in them. Names the records, [{@link #firstOffset()}, {@link #nextOffset()}).
 */
public final class Defect extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final long firstOffset;
  private final long nextOffset;
  private final boolean alone;
  private final String userId;

  public Defect(List<ConsumerRecord<byte[], byte[]>> records, Throwable cause) {
    super(cause.getClass().getSimpleName() + ": " + cause.getMessage(), cause, false, false);
    ConsumerRecord<byte[], byte[]> first = records.getFirst();
    this.firstOffset = first.offset();
    this.nextOffset = records.getLast().offset() + 1;
    this.alone = records.size() == 1;
    this.userId = first.key() == null ? "?" : new String(first.key(), UTF_8);
  }

  /**
   * Runs a step that handles this batch by itself. What makes it fail is taken for a defect, except
   * that its life has ended. So the step itself must try again whatever cannot lie in the records:
   * a server that is away, a missing privilege, an answer that does not come.
   *
   * @param records of the batch; where there are none, nothing is a defect
   * @return as the step; a {@code Defect} where it failed with records in the batch
   */
  public static <R> CompletionStage<R> watch(
      List<ConsumerRecord<byte[], byte[]>> records, Supplier<CompletionStage<R>> step) {
    CompletionStage<R> running;
    try {
      running = step.get();
    } catch (RuntimeException e) {
      running = CompletableFuture.failedFuture(e);
    }
    return running.exceptionallyCompose(
        failure -> CompletableFuture.failedFuture(named(records, Retry.cause(failure))));
  }

  private static Throwable named(List<ConsumerRecord<byte[], byte[]>> records, Throwable cause) {
    boolean hasEnded =
        cause instanceof PipelineLife.Ended || cause instanceof CancellationException;
    return hasEnded || records.isEmpty() ? cause : new Defect(records, cause);
  }

  public long firstOffset() {
    return firstOffset;
  }

  /** Exclusive end. */
  public long nextOffset() {
    return nextOffset;
  }

  /** Whether there was but one record: then it is this one, or none. */
  public boolean isAlone() {
    return alone;
  }

  /** Of the first record. */
  public String userId() {
    return userId;
  }
}
