package io.spendwatch.streams.pipeline;

import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.BalanceCodec;
import io.spendwatch.protocol.DeadLetters;
import io.spendwatch.protocol.Topics;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.kafka.OffsetNote;
import io.spendwatch.streams.kafka.SourceState;
import io.spendwatch.streams.ledger.AccountsWriter;
import io.spendwatch.streams.life.Defect;
import io.spendwatch.streams.life.PipelineLife;
import io.spendwatch.streams.pipeline.start.PartitionStarts;
import io.spendwatch.streams.pipeline.start.UntilDone;
import io.spendwatch.streams.publish.Publishers;
import io.spendwatch.streams.quarantine.BatchBound;
import io.spendwatch.streams.quarantine.DecodedBatch;
import io.spendwatch.streams.quarantine.Suspects;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Source;

/**
 * The walk of one partition's balances: each is a version of its account before its offset is
 * committed. Needs no epoch: a version that is known already changes nothing, whoever writes it and
 * however often. From {@code accounts} the trigger pushes the change to the actors.
 *
 * <p>How far a partition is stands in the tables, too: where the group has gone further, the
 * database was put back to an older point, and what is between is read again.
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

  /** Beside each offset that is committed: what marks it as ours. There are no alerts here. */
  private static final String NOTE = OffsetNote.of(0);

  private final Dependencies with;
  private final PipelineLife life;
  private final String topicId;
  private final Suspects suspects;
  private final BatchBound bound;
  private final UntilDone untilDone;

  /** All before it is applied. Confined to the stage {@code upsert-balances}. */
  private long nextOffset;

  private long batches;

  private BalancesPipeline(
      Dependencies with, PipelineLife life, String topicId, long startOffset, Suspects suspects) {
    this.with = with;
    this.life = life;
    this.topicId = topicId;
    this.nextOffset = startOffset;
    this.suspects = suspects.from(startOffset);
    this.bound =
        new BatchBound(with.config().batchRowsMax(), with.config().batchBytesMax(), suspects);
    this.untilDone = new UntilDone(life, with.config().retry(), with.time());
  }

  /** Takes the partition over: nothing but to find out where it goes on. */
  static CompletionStage<PartitionPipeline.Begun> begin(
      Dependencies with, PipelineLife life, SourceState kafka, Suspects suspects) {
    return with.starts()
        .find(life, kafka)
        .thenCompose(
            start ->
                with.starts()
                    .settle(life, kafka, start, NOTE, OptionalLong.empty())
                    .thenApply(
                        _ ->
                            new PartitionPipeline.Begun(
                                start.offset(),
                                graph(
                                    new BalancesPipeline(
                                        with, life, kafka.topicId(), start.offset(), suspects)))));
  }

  private static Flow<List<ConsumerRecord<byte[], byte[]>>, Done, NotUsed> graph(
      BalancesPipeline pipeline) {
    PipelineConfig config = pipeline.with.config();
    return Flow.<List<ConsumerRecord<byte[], byte[]>>>create()
        .mapConcat(pipeline.bound::split)
        .map(pipeline::decode)
        .named("decode-balances")
        .batchWeighted(
            pipeline.bound.costMax(), DecodedBatch::cost, first -> first, DecodedBatch::append)
        // Without records, too, it is noticed that the database was put back: transactions may be.
        .merge(
            Source.tick(
                config.endOffsetInterval(), config.endOffsetInterval(), DecodedBatch.tick()),
            true)
        .via(pipeline.life.gate().flow())
        .mapAsync(1, batch -> Defect.watch(batch.sources(), () -> pipeline.upsert(batch)))
        .named("upsert-balances")
        .mapAsync(config.unpublishedBatchesMax(), pipeline::commit)
        .named("commit-balances");
  }

  private DecodedBatch<Balance> decode(List<ConsumerRecord<byte[], byte[]>> records) {
    long latestAsOfMs = with.time().millis() + with.config().maxFutureSkew().toMillis();
    return DecodedBatch.of(
        records,
        bound,
        BalancesPipeline::isTombstone,
        suspects.orElse(
            record ->
                with.config()
                    .acceptedBalance(
                        BalanceCodec.decode(record.key(), record.value(), latestAsOfMs))),
        with.topics().balancesDeadLetters());
  }

  /**
   * The topic has no balance of that user any more, by its own account: the record that was the
   * last one goes. Which balances there were is not for it to say, and the account stays.
   */
  private static boolean isTombstone(ConsumerRecord<byte[], byte[]> record) {
    return record.key() != null && record.value() == null;
  }

  private CompletionStage<DecodedBatch<Balance>> upsert(DecodedBatch<Balance> batch) {
    AccountsWriter.Stretch stretch =
        new AccountsWriter.Stretch(
            topicId,
            life.source().partition(),
            nextOffset,
            batch.isTick() ? nextOffset : batch.nextOffset(),
            ++batches);
    return untilDone
        .statement(() -> with.accounts().apply(batch.items(), stretch))
        .thenApply(
            isApplied -> {
              if (!isApplied) {
                throw new PipelineLife.Ended(
                    "the database does not know any more what was applied before");
              }
              nextOffset = stretch.to();
              return batch;
            });
  }

  private CompletionStage<Done> commit(DecodedBatch<Balance> batch) {
    if (batch.isTick()) {
      return CompletableFuture.completedFuture(Done.done());
    }
    return with.publishers()
        .publish(life, batch.nextOffset(), NOTE, batch.deadLetters(), false)
        .thenApply(
            done -> {
              life.progress()
                  .published(
                      batch.nextOffset(),
                      batch.lastTimestampMs(),
                      List.of(),
                      batch.reasons(),
                      with.time().millis());
              life.progress().putAside(DeadLetters.byUser(batch.deadLetters()));
              return done;
            });
  }
}
