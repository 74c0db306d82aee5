package io.spendwatch.streams.pipeline;

import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.BalanceCodec;
import io.spendwatch.protocol.Topics;
import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.database.PgFailure;
import io.spendwatch.streams.kafka.SourceState;
import io.spendwatch.streams.ledger.AccountsWriter;
import io.spendwatch.streams.life.Defect;
import io.spendwatch.streams.life.Incarnation;
import io.spendwatch.streams.life.PipelineMetrics.Server;
import io.spendwatch.streams.life.RetryReport;
import io.spendwatch.streams.publish.Publishers;
import io.spendwatch.streams.quarantine.BatchBound;
import io.spendwatch.streams.quarantine.DecodedBatch;
import io.spendwatch.streams.quarantine.Suspects;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Flow;

/**
 * The walk of one partition's balances: each is a version of its account before its offset is
 * committed. Needs no epoch: a version that is known already changes nothing, whoever writes it and
 * however often. From {@code accounts} the trigger pushes the change to the actors.
 */
final class BalancesPipeline {

  /** What the pipelines of all partitions share. */
  record Dependencies(
      PipelineConfig config,
      Topics topics,
      PartitionStarts starts,
      AccountsWriter accounts,
      Publishers publishers,
      Timekeeper time) {}

  private final Dependencies with;
  private final Incarnation incarnation;
  private final Suspects suspects;
  private final BatchBound bound;

  private BalancesPipeline(Dependencies with, Incarnation incarnation, Suspects suspects) {
    this.with = with;
    this.incarnation = incarnation;
    this.suspects = suspects;
    this.bound =
        new BatchBound(with.config().batchRowsMax(), with.config().batchBytesMax(), suspects);
  }

  /** Takes the partition over: nothing but to find out where it goes on. */
  static CompletionStage<PartitionPipeline.Begun> begin(
      Dependencies with, Incarnation incarnation, SourceState kafka, Suspects suspects) {
    return with.starts()
        .find(incarnation, kafka)
        .thenCompose(
            start ->
                with.starts()
                    .settle(incarnation, kafka, start, "", OptionalLong.empty())
                    .thenApply(
                        _ ->
                            new PartitionPipeline.Begun(
                                start.offset(),
                                graph(with, incarnation, suspects.from(start.offset())))));
  }

  private static Flow<List<ConsumerRecord<byte[], byte[]>>, Done, NotUsed> graph(
      Dependencies with, Incarnation incarnation, Suspects suspects) {
    BalancesPipeline pipeline = new BalancesPipeline(with, incarnation, suspects);
    return Flow.<List<ConsumerRecord<byte[], byte[]>>>create()
        .mapConcat(pipeline.bound::split)
        .map(pipeline::decode)
        .named("decode-balances")
        .batchWeighted(
            pipeline.bound.costMax(), DecodedBatch::cost, first -> first, DecodedBatch::append)
        .via(incarnation.gate().flow())
        .mapAsync(1, batch -> Defect.watch(batch.sources(), () -> pipeline.upsert(batch)))
        .named("upsert-balances")
        .mapAsync(with.config().unpublishedBatchesMax(), pipeline::commit)
        .named("commit-balances");
  }

  private DecodedBatch<Balance> decode(List<ConsumerRecord<byte[], byte[]>> records) {
    long latestAsOfMs = with.time().millis() + with.config().maxFutureSkew().toMillis();
    return DecodedBatch.of(
        records,
        bound,
        suspects.orElse(record -> BalanceCodec.decode(record.key(), record.value(), latestAsOfMs)),
        with.topics().balancesDeadLetters());
  }

  private CompletionStage<DecodedBatch<Balance>> upsert(DecodedBatch<Balance> batch) {
    return Retry.start(
            () -> with.accounts().apply(batch.items()),
            with.config().retry(),
            with.time(),
            PgFailure::isWorthAnotherTry,
            incarnation::isLive,
            new RetryReport(incarnation, Server.POSTGRES, PgFailure::describe))
        .thenApply(_ -> batch);
  }

  private CompletionStage<Done> commit(DecodedBatch<Balance> batch) {
    return with.publishers()
        .publish(incarnation, batch.nextOffset(), "", batch.deadLetters(), false)
        .thenApply(
            done -> {
              incarnation
                  .progress()
                  .published(
                      batch.nextOffset(),
                      batch.lastTimestampMs(),
                      List.of(),
                      batch.reasons(),
                      with.time().millis());
              return done;
            });
  }
}
