package io.spendwatch.streams.pipeline.start;

import io.spendwatch.streams.base.BackOff;
import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.database.PgFailure;
import io.spendwatch.streams.life.PipelineLife;
import io.spendwatch.streams.life.PipelineMetrics.Server;
import io.spendwatch.streams.life.RetryReport;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * Asks servers again and again until they have answered, for as long as a life lasts; its status
 * and the log say what is waited for. For any thread.
 */
public record UntilDone(PipelineLife life, BackOff retry, Timekeeper time) {

  /**
   * A statement of the database, which is safe to repeat.
   *
   * @return fails with a {@link CancellationException} once the life has ended, and where another
   *     try would not help
   */
  public <T> CompletionStage<T> statement(Supplier<CompletionStage<T>> statement) {
    return Retry.start(
        statement,
        retry,
        time,
        PgFailure::isWorthAnotherTry,
        life::isLive,
        new RetryReport(life, Server.POSTGRES, PgFailure::describe));
  }

  /**
   * A question to Kafka.
   *
   * @return fails with a {@link CancellationException} once the life has ended
   */
  public <T> CompletionStage<T> askKafka(Supplier<CompletionStage<T>> question) {
    return Retry.start(
        question,
        retry,
        time,
        _ -> true,
        life::isLive,
        new RetryReport(life, Server.KAFKA, failure -> "Kafka: " + failure.getMessage()));
  }
}
