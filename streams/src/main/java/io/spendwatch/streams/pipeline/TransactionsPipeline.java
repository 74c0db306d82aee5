package io.spendwatch.streams.pipeline;

import io.spendwatch.actors.exposure.Judgement;
import io.spendwatch.actors.exposure.Received;
import io.spendwatch.actors.partition.PartitionActors;
import io.spendwatch.actors.partition.PartitionCommand;
import io.spendwatch.actors.partition.PartitionCommand.Assessed;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.DeadLetters;
import io.spendwatch.protocol.Partitioner;
import io.spendwatch.protocol.Topics;
import io.spendwatch.protocol.Verdict;
import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.database.PgFailure;
import io.spendwatch.streams.kafka.OffsetNote;
import io.spendwatch.streams.kafka.SourceState;
import io.spendwatch.streams.layout.Homes;
import io.spendwatch.streams.layout.LayoutWatch;
import io.spendwatch.streams.ledger.Layouts;
import io.spendwatch.streams.ledger.Ledger;
import io.spendwatch.streams.ledger.LedgerBatch;
import io.spendwatch.streams.ledger.TopicLayout;
import io.spendwatch.streams.life.Defect;
import io.spendwatch.streams.life.Incarnation;
import io.spendwatch.streams.life.PartitionLine;
import io.spendwatch.streams.life.PartitionProgress;
import io.spendwatch.streams.life.PipelineMetrics.Server;
import io.spendwatch.streams.life.PipelineMetrics.Stage;
import io.spendwatch.streams.life.PublishedAlert;
import io.spendwatch.streams.life.RetryReport;
import io.spendwatch.streams.publish.Publishers;
import io.spendwatch.streams.quarantine.BatchBound;
import io.spendwatch.streams.quarantine.DecodedBatch;
import io.spendwatch.streams.quarantine.Suspects;
import java.util.EnumMap;
import java.util.HashMap;
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
import org.apache.kafka.clients.producer.ProducerRecord;
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
 * the order of the batches; their answers only move {@link #publishedAlertSeq}.
 */
final class TransactionsPipeline {
  private static final Logger LOG = LoggerFactory.getLogger(TransactionsPipeline.class);

  /** Alerts that an earlier life left unpublished are read and published in pages of this size. */
  private static final int UNPUBLISHED_PAGE = 1000;

  /** What the pipelines of all partitions share. */
  record Dependencies(
      String nodeId,
      PipelineConfig config,
      Topics topics,
      PartitionStarts starts,
      PartitionActors actors,
      ExposureAssessor assessor,
      Ledger ledger,
      Partitioner partitioner,
      Layouts layouts,
      LayoutWatch watch,
      Publishers publishers,
      BooleanSupplier balancesPushed,
      Timekeeper time) {}

  /**
   * A batch that is judged.
   *
   * @param nextOffset to be committed with it
   * @param lastTimestampMs of its last record; negative of a tick
   * @param alertSeq place of its last alert, or of the last one before it
   * @param hasCome whether there were records or there are alerts, and so a place to be committed
   */
  private record JudgedBatch(
      long nextOffset,
      long lastTimestampMs,
      long alertSeq,
      List<PublishedAlert> alerts,
      Map<DeadLetterReason, Integer> deadLetters,
      List<ProducerRecord<byte[], byte[]>> records,
      boolean hasCome,
      boolean isFull) {}

  /** A batch that is durable and waits to be published. */
  private record DurableBatch(CompletionStage<Done> published) {}

  private final Dependencies with;
  private final Incarnation incarnation;
  private final int partition;
  private final long epoch;
  private final ActorRef<PartitionCommand> actor;
  private final BatchBound bound;
  private final TopicLayout layout;
  private final TransactionsDecoder decoder;
  private final long begunMs;
  private long sequence;
  private long writes;
  private long writtenAtMs;
  private long alertSeq;
  private long nextOffset;

  /**
   * The published place as the ledger has it. It follows with the next write, on a tick at the
   * latest, so that nothing is published twice either where an operator moves the offset, which
   * takes its note away.
   */
  private long notedAlertSeq;

  /**
   * The offsets as the ledger has them: what is read again is noted already. The published one
   * follows like the published place.
   */
  private long notedOffset;

  private long notedPublishedOffset;

  private volatile long publishedAlertSeq;
  private volatile long publishedOffset;

  /** Ids of alerts that subscribers have from before the database was put back. */
  private volatile Set<String> seen = Set.of();

  private TransactionsPipeline(
      Dependencies with,
      Incarnation incarnation,
      SourceState kafka,
      PartitionStart start,
      Suspects suspects,
      Ledger.Claim claim) {
    this.with = with;
    this.incarnation = incarnation;
    this.partition = incarnation.source().partition();
    this.epoch = claim.epoch();
    this.layout =
        start.isKnown() && claim.nextOffset().isPresent()
            ? claim.layout().judgedUpTo(partition, claim.nextOffset().getAsLong())
            : claim.layout();
    this.begunMs = with.time().millis();
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
            () -> topicPartitions(with, incarnation),
            with.time());
    this.actor = with.actors().start(partition, homes::isHere);
    this.writtenAtMs = claim.writtenAtMs().orElse(Long.MIN_VALUE);
    this.alertSeq = claim.alertSeq();
    this.nextOffset = start.offset();
    this.notedAlertSeq = claim.publishedAlertSeq();
    this.notedOffset =
        start.isKnown() ? claim.nextOffset().orElse(start.offset()) : start.nextOffset();
    this.notedPublishedOffset =
        start.isKnown() ? claim.publishedOffset().orElse(start.offset()) : start.offset();
    this.publishedOffset = start.offset();
    // Either may lag behind the truth, neither runs ahead of it; but where the tables were put
    // back, the numbers that Kafka has seen are of alerts that they do not know.
    this.publishedAlertSeq =
        start.rewind().isPresent()
            ? claim.publishedAlertSeq()
            : Math.max(kafka.publishedAlertSeq().orElse(0), claim.publishedAlertSeq());
  }

  /**
   * Takes the partition over: claims it, so that nobody else can write for it any more, finds where
   * it goes on, then publishes what earlier lives wrote and did not publish.
   */
  static CompletionStage<PartitionPipeline.Begun> begin(
      Dependencies with, Incarnation incarnation, SourceState kafka, Suspects suspects) {
    return claim(with, incarnation)
        .thenCompose(
            claim -> {
              incarnation.progress().claimed(claim.epoch(), claim.writtenAtMs());
              incarnation.progress().worksUnder(claim.layout().version());
              with.watch().seen(claim.layout());
              return with.starts()
                  .find(incarnation, kafka, claim.nextOffset(), claim.publishedOffset())
                  .thenCompose(
                      start ->
                          new TransactionsPipeline(with, incarnation, kafka, start, suspects, claim)
                              .begin(kafka, start));
            });
  }

  private CompletionStage<PartitionPipeline.Begun> begin(SourceState kafka, PartitionStart start) {
    PartitionLine.about(incarnation.source(), LOG.atInfo())
        .addKeyValue("epoch", epoch)
        .addKeyValue("offset", start.offset())
        .log("Claimed; reads from this offset on");
    // Registered last: it runs at once where the life has ended meanwhile.
    var _ = incarnation.ended().thenAccept(_ -> stopActor());
    return with.starts()
        .settle(incarnation, kafka, start, OffsetNote.of(publishedAlertSeq), OptionalLong.of(epoch))
        .thenCompose(_ -> with.starts().seenAlerts(incarnation))
        .thenCompose(
            alertIds -> {
              seen = alertIds;
              return publishLeftovers();
            })
        .thenApply(_ -> new PartitionPipeline.Begun(start.offset(), graph()));
  }

  /** Where nobody has claimed anything yet, the topic's partitions of today are in force. */
  private static CompletionStage<Ledger.Claim> claim(Dependencies with, Incarnation incarnation) {
    int partition = incarnation.source().partition();
    return untilDone(
            with,
            incarnation,
            () -> with.ledger().claim(partition, with.nodeId(), with.time().millis()))
        .thenCompose(
            claim ->
                claim
                    .<CompletionStage<Ledger.Claim>>map(CompletableFuture::completedFuture)
                    .orElseGet(
                        () ->
                            topicPartitions(with, incarnation)
                                .thenCompose(
                                    n ->
                                        untilDone(with, incarnation, () -> with.layouts().adopt(n)))
                                .thenCompose(_ -> claim(with, incarnation))));
  }

  private void stopActor() {
    with.actors().stop(partition, actor);
  }

  private Flow<List<ConsumerRecord<byte[], byte[]>>, Done, NotUsed> graph() {
    return Flow.<List<ConsumerRecord<byte[], byte[]>>>create()
        .mapConcat(bound::split)
        .mapAsync(1, records -> timed(Stage.DECODE_TRANSACTIONS, () -> decoder.decode(records)))
        .named("decode-transactions")
        // While the batch before is judged and written, the next one gathers.
        .batchWeighted(bound.costMax(), DecodedBatch::cost, first -> first, DecodedBatch::append)
        .merge(Source.tick(with.config().tick(), with.config().tick(), DecodedBatch.tick()), true)
        .via(incarnation.gate().flow())
        // One stage for both: a batch may be judged only after the one before is durable.
        .mapAsync(1, batch -> Defect.watch(batch.sources(), () -> assessAndWrite(batch)))
        .named("assess-exposure,write-ledger")
        .mapAsync(with.config().unpublishedBatchesMax(), DurableBatch::published)
        .named("publish-alerts");
  }

  private CompletionStage<DurableBatch> assessAndWrite(DecodedBatch<Received> batch) {
    if (batch.isTick() && isToStandStill()) {
      return standStill();
    }
    // What one poll has brought to other partitions is written together with it.
    Runnable isThere = batch.isTick() ? () -> {} : with.ledger().expect();
    return assess(batch)
        .thenApply(judged -> write(batch, judged))
        .whenComplete((_, _) -> isThere.run())
        .thenCompose(written -> written);
  }

  /**
   * Whether nothing more is to be judged under this layout. Time does not go on either: what is not
   * read yet may be of users who will have moved.
   */
  private boolean isToStandStill() {
    if (!decoder.standsStill() && layout.growth().isPresent()) {
      PartitionProgress progress = incarnation.progress();
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
   */
  private CompletionStage<DurableBatch> standStill() {
    PartitionProgress progress = incarnation.progress();
    with.watch().waitingFor().ifPresentOrElse(progress::waitsFor, progress::goesOn);
    DurableBatch nothing = new DurableBatch(CompletableFuture.completedFuture(Done.done()));
    boolean isOver =
        nextOffset >= decoder.nextOffset()
            && publishedOffset >= nextOffset
            && publishedAlertSeq >= alertSeq;
    if (!isOver || layout.growth().isEmpty() || partition >= layout.partitions()) {
      return CompletableFuture.completedFuture(nothing);
    }
    int target = layout.growth().get().partitions();
    return untilDone(with, incarnation, () -> with.ledger().hold(partition, epoch, target))
        .thenCompose(
            isUnderEpoch ->
                isUnderEpoch
                    ? CompletableFuture.completedFuture(nothing)
                    : CompletableFuture.failedFuture(fenced()));
  }

  private CompletionStage<Judged> assess(DecodedBatch<Received> batch) {
    long nowMs = with.time().millis();
    long idleMs = batch.isTick() ? incarnation.progress().idleMs(with.config().idleAfter()) : 0;
    sequence++;
    if (!batch.isTick()) {
      nextOffset = batch.nextOffset();
    }
    Supplier<CompletionStage<Assessed>> question =
        () ->
            with.assessor()
                .assess(
                    incarnation,
                    actor,
                    sequence,
                    nowMs,
                    idleMs,
                    with.balancesPushed().getAsBoolean(),
                    nextOffset - 1,
                    batch.items());
    // Ticks are many and next to nothing: among the batches' times they would hide what those take.
    return (batch.isTick() ? question.get() : timed(Stage.ASSESS_EXPOSURE, question))
        .thenApply(
            answer -> {
              incarnation.progress().awake(answer.usersAwake(), answer.usersAwakeBytes());
              return new Judged(nowMs, answer);
            });
  }

  /** The actor's answer, and the wall clock that it was asked at. */
  private record Judged(long nowMs, Assessed answer) {}

  private CompletionStage<DurableBatch> write(DecodedBatch<Received> batch, Judged judged) {
    Assessed answer = judged.answer();
    // Before it is durable: a later life could not put an alert aside that cannot be encoded.
    List<ProducerRecord<byte[], byte[]>> records =
        OutgoingRecords.of(batch, answer, seen, with.topics());
    JudgedBatch judgedBatch = judged(batch, answer, records);
    long durable = Math.max(notedOffset, nextOffset);
    long published = Math.max(notedPublishedOffset, publishedOffset);
    // What is committed is never beyond what is noted as durable, though it be dead letters only.
    if (answer.judgements().isEmpty()
        && answer.announcements().isEmpty()
        && notedAlertSeq == publishedAlertSeq
        && notedOffset == durable
        && notedPublishedOffset == published) {
      return CompletableFuture.completedFuture(new DurableBatch(publish(judgedBatch)));
    }
    LedgerBatch rows =
        new LedgerBatch(
            partition,
            epoch,
            ++writes,
            judged.nowMs(),
            writtenAtMs,
            answer.streamTimeMs(),
            answer.accountsSeenMs(),
            batch.items(),
            answer.judgements(),
            answer.announcements(),
            alertSeq,
            publishedAlertSeq,
            durable,
            published);
    CompletableFuture<Done> isDurable = new CompletableFuture<>();
    Optional<CompletionStage<Done>> ahead =
        isToBeSentAhead(judgedBatch)
            ? Optional.of(publishAhead(judgedBatch, isDurable))
            : Optional.empty();
    return timed(
            Stage.WRITE_LEDGER, () -> untilDone(with, incarnation, () -> with.ledger().write(rows)))
        .thenApply(
            outcome -> {
              switch (outcome) {
                case Ledger.Written written -> noteWritten(batch, answer, rows, written);
                case Ledger.Fenced _ -> throw fenced();
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
        .thenApply(_ -> new DurableBatch(ahead.orElseGet(() -> publish(judgedBatch))));
  }

  /**
   * Whether its records are to be on their way while its rows are: those of who keeps up. Whoever
   * is behind has more rows than can be waited for.
   */
  private boolean isToBeSentAhead(JudgedBatch batch) {
    return !batch.records().isEmpty()
        && !batch.isFull()
        && !with.config().publish().aheadPatience().isZero();
  }

  private Incarnation.Ended fenced() {
    return new Incarnation.Ended(
        "a later epoch than " + epoch + " has taken over, or the database was put back");
  }

  private void noteWritten(
      DecodedBatch<Received> batch, Assessed answer, LedgerBatch rows, Ledger.Written written) {
    noteJudgements(answer.judgements());
    if (!batch.items().isEmpty()) {
      incarnation.progress().judged(batch.items().getLast().transaction().eventTimeMs());
    }
    if (written.alerts() < answer.alerts().size()) {
      throw decidedTwice(answer, written);
    }
    writtenAtMs = rows.writtenAtMs();
    alertSeq = rows.alertSeq();
    notedAlertSeq = rows.publishedAlertSeq();
    notedOffset = rows.nextOffset();
    notedPublishedOffset = rows.publishedOffset();
  }

  private void noteJudgements(List<Judgement> judgements) {
    Map<Verdict, Long> rows = new EnumMap<>(Verdict.class);
    long duplicates = 0;
    for (Judgement judgement : judgements) {
      switch (judgement) {
        case Judgement.Judged judged -> rows.merge(judged.verdict(), 1L, Long::sum);
        case Judgement.Duplicate _ -> duplicates++;
        case Judgement.Rejected _ -> {} // Counted once its dead letter is published.
      }
    }
    incarnation.progress().wrote(rows, duplicates);
  }

  /**
   * No alert is seen that has no row: the next life reads what is durable and publishes what the
   * table has.
   */
  private Incarnation.Ended decidedTwice(Assessed answer, Ledger.Written written) {
    PartitionLine.about(incarnation.source(), LOG.atError())
        .addKeyValue("epoch", epoch)
        .addKeyValue(
            "alerts", answer.alerts().stream().map(Alert::alertId).collect(Collectors.joining(",")))
        .log(
            "{} of these alerts had been decided before, elsewhere, and are not published again",
            answer.alerts().size() - written.alerts());
    return new Incarnation.Ended("alerts were decided twice");
  }

  private JudgedBatch judged(
      DecodedBatch<Received> batch, Assessed answer, List<ProducerRecord<byte[], byte[]>> records) {
    return new JudgedBatch(
        nextOffset,
        batch.lastTimestampMs(),
        alertSeq + answer.announcements().size(),
        publishedAlerts(batch, answer),
        deadLetters(batch, answer),
        records,
        !batch.isTick() || !answer.announcements().isEmpty(),
        bound.isReachedBy(batch.cost()));
  }

  private List<PublishedAlert> publishedAlerts(DecodedBatch<Received> batch, Assessed answer) {
    if (answer.announcements().isEmpty()) {
      return List.of();
    }
    Map<Long, Long> timestamps = new HashMap<>();
    batch.sources().forEach(source -> timestamps.put(source.offset(), source.timestamp()));
    return answer.alerts().stream()
        .filter(alert -> !seen.contains(alert.alertId()))
        .map(
            alert ->
                PublishedAlert.of(
                    alert,
                    timestamps.getOrDefault(alert.source().offset(), PublishedAlert.OF_NO_RECORD)))
        .toList();
  }

  private static Map<DeadLetterReason, Integer> deadLetters(
      DecodedBatch<Received> batch, Assessed answer) {
    Map<DeadLetterReason, Integer> letters = new EnumMap<>(DeadLetterReason.class);
    letters.putAll(batch.reasons());
    for (Judgement judgement : answer.judgements()) {
      if (judgement instanceof Judgement.Rejected(var reason, _)) {
        letters.merge(reason, 1, Integer::sum);
      }
    }
    return letters;
  }

  /** What is durable. */
  private CompletionStage<Done> publish(JudgedBatch batch) {
    if (!batch.hasCome()) {
      return CompletableFuture.completedFuture(Done.done());
    }
    return notePublished(
        batch,
        with.publishers()
            // Behind a full batch there are more: what it found is late by more than a short wait.
            .publish(
                incarnation,
                batch.nextOffset(),
                OffsetNote.of(batch.alertSeq()),
                batch.records(),
                batch.isFull()));
  }

  private CompletionStage<Done> publishAhead(JudgedBatch batch, CompletableFuture<Done> durable) {
    return notePublished(
        batch,
        with.publishers()
            .publishAhead(
                incarnation,
                batch.nextOffset(),
                OffsetNote.of(batch.alertSeq()),
                batch.records(),
                durable));
  }

  private CompletionStage<Done> notePublished(JudgedBatch batch, CompletionStage<Done> published) {
    long askedNanos = with.time().nanoTime();
    return published.thenApply(
        done -> {
          if (!batch.records().isEmpty()) {
            tookSince(askedNanos, Stage.PUBLISH_ALERTS);
          }
          publishedAlertSeq = batch.alertSeq();
          publishedOffset = batch.nextOffset();
          incarnation
              .progress()
              .published(
                  batch.nextOffset(),
                  batch.lastTimestampMs(),
                  batch.alerts(),
                  batch.deadLetters(),
                  with.time().millis());
          if (!batch.deadLetters().isEmpty()) {
            incarnation.progress().putAside(DeadLetters.byUser(batch.records()));
          }
          return done;
        });
  }

  private CompletionStage<Done> publishLeftovers() {
    return untilDone(
            with,
            incarnation,
            () -> with.ledger().alertsAfter(partition, publishedAlertSeq, UNPUBLISHED_PAGE))
        .thenCompose(
            page -> {
              if (page.isEmpty()) {
                return CompletableFuture.completedFuture(Done.done());
              }
              long lastSeq = page.getLast().partitionSeq();
              List<Alert> alerts =
                  page.stream()
                      .flatMap(stored -> stored.alert().stream())
                      .filter(alert -> !seen.contains(alert.alertId()))
                      .toList();
              List<ProducerRecord<byte[], byte[]>> records =
                  alerts.stream().map(alert -> OutgoingRecords.of(alert, with.topics())).toList();
              PartitionLine.about(incarnation.source(), LOG.atInfo())
                  .addKeyValue("epoch", epoch)
                  .addKeyValue("alerts", records.size())
                  .log("Publishing alerts that an earlier life left");
              return with.publishers()
                  .publish(incarnation, nextOffset, OffsetNote.of(lastSeq), records, false)
                  .thenCompose(
                      _ -> {
                        publishedAlertSeq = lastSeq;
                        incarnation
                            .progress()
                            .published(
                                nextOffset,
                                -1,
                                alerts.stream().map(PublishedAlert::leftBehind).toList(),
                                Map.of(),
                                with.time().millis());
                        return publishLeftovers();
                      });
            });
  }

  /** A stage that fails has taken no time: what comes of it is another matter. */
  private <T> CompletionStage<T> timed(Stage stage, Supplier<CompletionStage<T>> work) {
    long begunNanos = with.time().nanoTime();
    return work.get()
        .thenApply(
            result -> {
              tookSince(begunNanos, stage);
              return result;
            });
  }

  private void tookSince(long begunNanos, Stage stage) {
    incarnation.progress().took(stage, with.time().nanoTime() - begunNanos);
  }

  private static <T> CompletionStage<T> untilDone(
      Dependencies with, Incarnation incarnation, Supplier<CompletionStage<T>> statement) {
    return Retry.start(
        statement,
        with.config().retry(),
        with.time(),
        PgFailure::isWorthAnotherTry,
        incarnation::isLive,
        new RetryReport(incarnation, Server.POSTGRES, PgFailure::describe));
  }

  /** How many partitions Kafka has by now. */
  private static CompletionStage<Integer> topicPartitions(
      Dependencies with, Incarnation incarnation) {
    return Retry.start(
        with.watch()::partitions,
        with.config().retry(),
        with.time(),
        _ -> true,
        incarnation::isLive,
        new RetryReport(incarnation, Server.KAFKA, failure -> "Kafka: " + failure.getMessage()));
  }
}
