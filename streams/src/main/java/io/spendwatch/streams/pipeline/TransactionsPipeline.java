package io.spendwatch.streams.pipeline;

import io.spendwatch.actors.exposure.Assessment;
import io.spendwatch.actors.exposure.Received;
import io.spendwatch.actors.partition.PartitionActors;
import io.spendwatch.actors.partition.PartitionCommand;
import io.spendwatch.actors.partition.PartitionCommand.Assessed;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.Partitioner;
import io.spendwatch.protocol.Topics;
import io.spendwatch.protocol.Verdict;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.kafka.OffsetNote;
import io.spendwatch.streams.kafka.SourceState;
import io.spendwatch.streams.layout.Homes;
import io.spendwatch.streams.layout.LayoutWatch;
import io.spendwatch.streams.ledger.Ledger;
import io.spendwatch.streams.ledger.LedgerBatch;
import io.spendwatch.streams.ledger.TopicLayout;
import io.spendwatch.streams.life.Defect;
import io.spendwatch.streams.life.PartitionLine;
import io.spendwatch.streams.life.PipelineLife;
import io.spendwatch.streams.life.PipelineMetrics.Stage;
import io.spendwatch.streams.pipeline.start.PartitionStart;
import io.spendwatch.streams.pipeline.start.PartitionStarts;
import io.spendwatch.streams.pipeline.start.UntilDone;
import io.spendwatch.streams.publish.Publishers;
import io.spendwatch.streams.quarantine.BatchBound;
import io.spendwatch.streams.quarantine.DecodedBatch;
import io.spendwatch.streams.quarantine.Suspects;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Source;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The walk of one partition's transactions, for one life of its pipeline.
 *
 * <p>Guarantee: a record's alert and its offset become visible together, once, and only after its
 * row is durable; what a life leaves unpublished, the next one publishes before it reads on.
 *
 * <p>The state is confined to the stages: {@code assess-exposure} and {@code write-ledger} run one
 * batch at a time, {@code publish-alerts} only waits. Publications are asked for by the former, in
 * the order of the batches; their answers only move what {@link Places} has as published.
 */
final class TransactionsPipeline {
  private static final Logger LOG = LoggerFactory.getLogger(TransactionsPipeline.class);

  /** Alerts that an earlier life left unpublished are read and published in pages of this size. */
  private static final int UNPUBLISHED_PAGE = 1000;

  /** What the pipelines of all partitions share. */
  record Dependencies(
      PipelineConfig config,
      Topics topics,
      PartitionStarts starts,
      PartitionActors actors,
      ExposureAssessor assessor,
      Ledger ledger,
      PartitionClaims claims,
      Partitioner partitioner,
      LayoutWatch watch,
      Publishers publishers,
      BooleanSupplier balancesPushed,
      Timekeeper time) {}

  /** A batch that is durable and waits to be published. */
  private record DurableBatch(CompletionStage<Done> published) {
    static final DurableBatch OF_NOTHING =
        new DurableBatch(CompletableFuture.completedFuture(Done.done()));
  }

  private final Dependencies with;
  private final PipelineLife life;
  private final int partition;
  private final long epoch;
  private final ActorRef<PartitionCommand> actor;
  private final BatchBound bound;
  private final TransactionsDecoder decoder;
  private long sequence;
  private long writes;
  private long writtenAtMs;
  private final Places places;
  private final PublishStage publishing;
  private final EndOfLayout endOfLayout;
  private final UntilDone untilDone;

  /** Ids of alerts that subscribers have from before the database was put back. */
  private volatile Set<String> seen = Set.of();

  private TransactionsPipeline(
      Dependencies with,
      UntilDone untilDone,
      SourceState kafka,
      PartitionStart start,
      Suspects suspects,
      Ledger.Claim claim) {
    this.with = with;
    this.untilDone = untilDone;
    this.life = untilDone.life();
    this.partition = life.source().partition();
    this.epoch = claim.epoch();
    TopicLayout layout =
        start.isKnown() && claim.nextOffset().isPresent()
            ? claim.layout().assessedUpTo(partition, claim.nextOffset().getAsLong())
            : claim.layout();
    Suspects remaining = suspects.from(start.offset());
    this.bound =
        new BatchBound(with.config().batchRowsMax(), with.config().batchBytesMax(), remaining);
    Homes homes = new Homes(with.partitioner(), layout, partition);
    this.decoder =
        new TransactionsDecoder(
            with.config(),
            with.topics(),
            homes,
            start.offset(),
            remaining,
            bound,
            () -> untilDone.askKafka(with.watch()::partitions),
            with.time());
    this.actor = with.actors().start(partition, homes::isHere);
    this.writtenAtMs = claim.writtenAtMs().orElse(Long.MIN_VALUE);
    this.places = new Places(kafka, start, claim);
    this.publishing = new PublishStage(with.publishers(), life, epoch, places, with.time());
    this.endOfLayout = new EndOfLayout(with, untilDone, epoch, layout, decoder, places);
  }

  /**
   * Takes the partition over: claims it, so that nobody else can write for it any more, finds where
   * it goes on, then publishes what earlier lives wrote and did not publish.
   */
  static CompletionStage<PartitionPipeline.Begun> begin(
      Dependencies with, PipelineLife life, SourceState kafka, Suspects suspects) {
    UntilDone untilDone = new UntilDone(life, with.config().retry(), with.time());
    return with.claims()
        .claim(untilDone)
        .thenCompose(
            claim -> {
              life.progress().claimed(claim.epoch(), claim.writtenAtMs());
              life.progress().worksUnder(claim.layout().version());
              with.watch().seen(claim.layout());
              return with.starts()
                  .find(life, kafka, claim.nextOffset(), claim.publishedOffset())
                  .thenCompose(
                      start ->
                          new TransactionsPipeline(with, untilDone, kafka, start, suspects, claim)
                              .begin(kafka, start));
            });
  }

  private CompletionStage<PartitionPipeline.Begun> begin(SourceState kafka, PartitionStart start) {
    PartitionLine.about(life.source(), LOG.atInfo())
        .addKeyValue("epoch", epoch)
        .addKeyValue("offset", start.offset())
        .log("Claimed; reads from this offset on");
    // Registered last: it runs at once where the life has ended meanwhile.
    var _ = life.ended().thenAccept(_ -> stopActor());
    return with.starts()
        .settle(
            life, kafka, start, OffsetNote.of(places.publishedAlertSeq()), OptionalLong.of(epoch))
        .thenCompose(_ -> with.starts().seenAlerts(life))
        .thenCompose(
            alertIds -> {
              seen = alertIds;
              return publishing.publishLeftovers(this::alertsAfter, seen, with.topics());
            })
        .thenApply(_ -> new PartitionPipeline.Begun(start.offset(), graph()));
  }

  private CompletionStage<List<Ledger.StoredAlert>> alertsAfter(long alertSeq) {
    return untilDone.statement(
        () -> with.ledger().alertsAfter(partition, alertSeq, UNPUBLISHED_PAGE));
  }

  private void stopActor() {
    with.actors().stop(partition, actor);
  }

  private Flow<List<ConsumerRecord<byte[], byte[]>>, Done, NotUsed> graph() {
    return Flow.<List<ConsumerRecord<byte[], byte[]>>>create()
        .mapConcat(bound::split)
        .mapAsync(1, records -> timed(Stage.DECODE_TRANSACTIONS, () -> decoder.decode(records)))
        .named("decode-transactions")
        // While the batch before is assessed and written, the next one gathers.
        .batchWeighted(bound.costMax(), DecodedBatch::cost, first -> first, DecodedBatch::append)
        .merge(Source.tick(with.config().tick(), with.config().tick(), DecodedBatch.tick()), true)
        .via(life.gate().flow())
        // One stage for both: a batch may be assessed only after the one before is durable.
        .mapAsync(1, batch -> Defect.watch(batch.sources(), () -> assessAndWrite(batch)))
        .named("assess-exposure,write-ledger")
        .mapAsync(with.config().unpublishedBatchesMax(), DurableBatch::published)
        .named("publish-alerts");
  }

  private CompletionStage<DurableBatch> assessAndWrite(DecodedBatch<Received> batch) {
    if (batch.isTick() && endOfLayout.look()) {
      return endOfLayout.standStill().thenApply(_ -> DurableBatch.OF_NOTHING);
    }
    // What one poll has brought to other partitions is written together with it.
    Runnable isThere = batch.isTick() ? () -> {} : with.ledger().expect();
    return assess(batch)
        .thenApply(assessed -> write(batch, assessed))
        .whenComplete((_, _) -> isThere.run())
        .thenCompose(written -> written);
  }

  private CompletionStage<Answered> assess(DecodedBatch<Received> batch) {
    long nowMs = with.time().millis();
    long idleMs = batch.isTick() ? life.progress().idleMs(with.config().idleAfter()) : 0;
    sequence++;
    if (!batch.isTick()) {
      places.reads(batch.nextOffset());
    }
    Supplier<CompletionStage<Assessed>> question =
        () ->
            with.assessor()
                .assess(
                    life,
                    actor,
                    sequence,
                    nowMs,
                    idleMs,
                    with.balancesPushed().getAsBoolean(),
                    places.nextOffset() - 1,
                    batch.items());
    // Ticks are many and next to nothing: among the batches' times they would hide what those take.
    return (batch.isTick() ? question.get() : timed(Stage.ASSESS_EXPOSURE, question))
        .thenApply(
            answer -> {
              life.progress().awake(answer.usersAwake(), answer.usersAwakeBytes());
              return new Answered(nowMs, answer);
            });
  }

  /** The actor's answer, and the wall clock that it was asked at. */
  private record Answered(long nowMs, Assessed answer) {}

  private CompletionStage<DurableBatch> write(DecodedBatch<Received> batch, Answered assessed) {
    Assessed answer = assessed.answer();
    AssessedBatch assessedBatch =
        AssessedBatch.of(
            batch,
            bound.isReachedBy(batch.cost()),
            answer,
            places.nextOffset(),
            places.alertSeq(),
            seen,
            with.topics());
    Places.Noted toNote = places.toNote();
    // What is committed is never beyond what is noted as durable, though it be dead letters only.
    if (answer.assessments().isEmpty()
        && answer.announcements().isEmpty()
        && places.isNoted(toNote)) {
      return CompletableFuture.completedFuture(new DurableBatch(publishing.publish(assessedBatch)));
    }
    LedgerBatch rows =
        new LedgerBatch(
            partition,
            epoch,
            ++writes,
            assessed.nowMs(),
            writtenAtMs,
            answer.streamTimeMs(),
            answer.accountsSeenMs(),
            batch.items(),
            answer.assessments(),
            answer.announcements(),
            places.alertSeq(),
            toNote.publishedAlertSeq(),
            toNote.nextOffset(),
            toNote.publishedOffset());
    CompletableFuture<Done> isDurable = new CompletableFuture<>();
    Optional<CompletionStage<Done>> ahead =
        isToBeSentAhead(assessedBatch)
            ? Optional.of(publishing.publishAhead(assessedBatch, isDurable))
            : Optional.empty();
    return timed(Stage.WRITE_LEDGER, () -> untilDone.statement(() -> with.ledger().write(rows)))
        .thenApply(
            outcome -> {
              switch (outcome) {
                case Ledger.Written written -> noteWritten(batch, answer, rows, written);
                case Ledger.Fenced _ -> throw fenced(epoch);
              }
              return Done.done();
            })
        .whenComplete(
            (_, failure) -> {
              if (failure == null) {
                isDurable.complete(Done.done());
              } else {
                isDurable.completeExceptionally(failure);
              }
            })
        .thenApply(_ -> new DurableBatch(ahead.orElseGet(() -> publishing.publish(assessedBatch))));
  }

  /**
   * Whether its records are to be on their way while its rows are: those of who keeps up. Whoever
   * is behind has more rows than can be waited for.
   */
  private boolean isToBeSentAhead(AssessedBatch batch) {
    return !batch.records().isEmpty()
        && !batch.isFull()
        && !with.config().publish().aheadPatience().isZero();
  }

  /** Why a life ends that writes under an epoch that is over. */
  static PipelineLife.Ended fenced(long epoch) {
    return new PipelineLife.Ended(
        "a later epoch than " + epoch + " has taken over, or the database was put back");
  }

  private void noteWritten(
      DecodedBatch<Received> batch, Assessed answer, LedgerBatch rows, Ledger.Written written) {
    noteAssessments(answer.assessments());
    if (!batch.items().isEmpty()) {
      life.progress().assessed(batch.items().getLast().transaction().eventTimeMs());
    }
    if (written.alerts() < answer.alerts().size()) {
      throw decidedTwice(answer, written);
    }
    writtenAtMs = rows.writtenAtMs();
    places.written(rows);
  }

  private void noteAssessments(List<Assessment> assessments) {
    Map<Verdict, Long> rows = new EnumMap<>(Verdict.class);
    long duplicates = 0;
    for (Assessment assessment : assessments) {
      switch (assessment) {
        case Assessment.Stored stored -> rows.merge(stored.verdict(), 1L, Long::sum);
        case Assessment.Duplicate _ -> duplicates++;
        case Assessment.Rejected _ -> {} // Counted once its dead letter is published.
      }
    }
    life.progress().wrote(rows, duplicates);
  }

  /**
   * No alert is seen that has no row: the next life reads what is durable and publishes what the
   * table has.
   */
  private PipelineLife.Ended decidedTwice(Assessed answer, Ledger.Written written) {
    PartitionLine.about(life.source(), LOG.atError())
        .addKeyValue("epoch", epoch)
        .addKeyValue(
            "alerts", answer.alerts().stream().map(Alert::alertId).collect(Collectors.joining(",")))
        .log(
            "{} of these alerts had been decided before, elsewhere, and are not published again",
            answer.alerts().size() - written.alerts());
    return new PipelineLife.Ended("alerts were decided twice");
  }

  /** A stage that fails has taken no time: what comes of it is another matter. */
  private <T> CompletionStage<T> timed(Stage stage, Supplier<CompletionStage<T>> work) {
    long begunNanos = with.time().nanoTime();
    return work.get()
        .thenApply(
            result -> {
              life.progress().took(stage, with.time().nanoTime() - begunNanos);
              return result;
            });
  }
}
