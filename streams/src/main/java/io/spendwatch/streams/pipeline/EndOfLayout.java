package io.spendwatch.streams.pipeline;

import io.spendwatch.streams.ledger.TopicLayout;
import io.spendwatch.streams.life.PartitionProgress;
import io.spendwatch.streams.life.PipelineLife;
import io.spendwatch.streams.pipeline.start.UntilDone;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;

/**
 * Where one life of a partition's pipeline comes to the end of what may be assessed under its
 * layout, since the topic grows: it stands still there, and says so. Of the walk this belongs to
 * {@code assess-exposure}.
 */
final class EndOfLayout {
  private final TransactionsPipeline.Dependencies with;
  private final UntilDone untilDone;
  private final PipelineLife life;
  private final int partition;
  private final long epoch;
  private final TopicLayout layout;
  private final TransactionsDecoder decoder;
  private final Places places;
  private final long begunMs;

  /**
   * @param untilDone of this life, which begins now
   * @param epoch under which the partition is claimed
   * @param layout under which the life works
   */
  EndOfLayout(
      TransactionsPipeline.Dependencies with,
      UntilDone untilDone,
      long epoch,
      TopicLayout layout,
      TransactionsDecoder decoder,
      Places places) {
    this.with = with;
    this.untilDone = untilDone;
    this.life = untilDone.life();
    this.partition = life.source().partition();
    this.epoch = epoch;
    this.layout = layout;
    this.decoder = decoder;
    this.places = places;
    this.begunMs = with.time().millis();
  }

  /**
   * Looks whether it has come: then nothing more is to be assessed. Time does not go on either:
   * what is not read yet may be of users who will have moved.
   */
  boolean look() {
    if (!decoder.standsStill() && layout.growth().isPresent()) {
      PartitionProgress progress = life.progress();
      long nextOffset = places.nextOffset();
      boolean isAtEnd = progress.isReadToEndSince(begunMs) && nextOffset >= progress.position();
      if (isAtEnd || nextOffset >= layout.growth().get().marks().get(partition)) {
        decoder.standStill();
      }
    }
    return decoder.standsStill();
  }

  /**
   * Says so once all that came before is durable and published; again with each tick, since a claim
   * that comes late takes it back, and nothing else tells us.
   *
   * @return fails with {@link PipelineLife.Ended} where somebody else has taken over
   */
  CompletionStage<Done> standStill() {
    PartitionProgress progress = life.progress();
    with.watch().waitingFor().ifPresentOrElse(progress::waitsFor, progress::goesOn);
    boolean isOver = places.nextOffset() >= decoder.nextOffset() && places.isAllPublished();
    if (!isOver || layout.growth().isEmpty() || partition >= layout.partitions()) {
      return CompletableFuture.completedFuture(Done.done());
    }
    int target = layout.growth().get().partitions();
    return untilDone
        .statement(() -> with.ledger().hold(partition, epoch, target))
        .thenApply(
            isUnderEpoch -> {
              if (!isUnderEpoch) {
                throw TransactionsPipeline.fenced(epoch);
              }
              return Done.done();
            });
  }
}
