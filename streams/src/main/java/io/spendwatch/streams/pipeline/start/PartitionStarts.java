package io.spendwatch.streams.pipeline.start;

import io.spendwatch.streams.base.BackOff;
import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.database.PgFailure;
import io.spendwatch.streams.kafka.SourceState;
import io.spendwatch.streams.ledger.Sources;
import io.spendwatch.streams.ledger.Sources.Rewind;
import io.spendwatch.streams.life.PartitionLine;
import io.spendwatch.streams.life.PipelineLife;
import io.spendwatch.streams.life.PipelineMetrics.Server;
import io.spendwatch.streams.life.RetryReport;
import io.spendwatch.streams.pipeline.start.PartitionStart.Durable;
import io.spendwatch.streams.pipeline.start.PartitionStart.Loss;
import io.spendwatch.streams.pipeline.start.PartitionStart.Reason;
import io.spendwatch.streams.publish.Publishers;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.apache.pekko.Done;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds where lives of pipelines begin, and sees to it that what is lost is known before anything
 * is read: noted in the tables, once, and an error in the log. For any thread.
 *
 * <p>A crash at any moment leaves what the next life decides in the same way: what is lost is noted
 * first; then, what is passed over is noted as durable before it is committed, or the group would
 * seem to be ahead of the tables; but another topic is known as the one that is read only when what
 * was committed of the former one is overwritten.
 */
public final class PartitionStarts {
  private static final Logger LOG = LoggerFactory.getLogger(PartitionStarts.class);

  private final String nodeId;
  private final Sources sources;
  private final Publishers publishers;
  private final BackOff retry;
  private final Timekeeper time;
  private final LongAdder lost = new LongAdder();

  public PartitionStarts(
      String nodeId, Sources sources, Publishers publishers, BackOff retry, Timekeeper time) {
    this.nodeId = nodeId;
    this.sources = sources;
    this.publishers = publishers;
    this.retry = retry;
    this.time = time;
  }

  /**
   * How many lost records this node has noticed since its start; one for those of a topic of which
   * nobody knows how far it reached.
   */
  public long lostRecords() {
    return lost.sum();
  }

  /**
   * Of a topic of whose records there are rows, by what was claimed of the partition. Where the
   * tables were put back to an older point, it waits until somebody has asked for what lies between
   * to be read again: whoever restores a database may not be done yet, and accounts that were
   * changed by hand are to be there first.
   */
  public CompletionStage<PartitionStart> find(
      PipelineLife life, SourceState kafka, OptionalLong nextOffset, OptionalLong publishedOffset) {
    return topicId(life)
        .thenCompose(
            topicId -> {
              boolean isUnknown =
                  topicId.isEmpty() && nextOffset.isEmpty() && publishedOffset.isEmpty();
              return isUnknown
                  ? untilDone(life, () -> sources.rowsEnd(life.source().partition()))
                      .thenApply(rowsEnd -> ofNothingNoted(kafka, rowsEnd))
                  : CompletableFuture.completedFuture(
                      new Durable(topicId, nextOffset, publishedOffset));
            })
        .thenCompose(
            durable -> {
              PartitionStart start = PartitionStart.of(kafka, durable);
              return start
                  .rewind()
                  .map(rewind -> asked(life, kafka, rewind))
                  .orElseGet(() -> CompletableFuture.completedFuture(Done.done()))
                  .thenCompose(_ -> noticed(life, start, nextOffset.orElse(0)));
            });
  }

  /**
   * No version that notes anything has read the partition with these tables. Where nothing of it is
   * in them either, and a node has committed, they were emptied: all of it is to be read again.
   */
  private static Durable ofNothingNoted(SourceState kafka, OptionalLong rowsEnd) {
    boolean isEmptied = rowsEnd.isEmpty() && kafka.publishedAlertSeq().isPresent();
    return isEmptied
        ? new Durable(Optional.empty(), OptionalLong.of(0), OptionalLong.empty())
        : new Durable(
            Optional.empty(),
            OptionalLong.empty(),
            kafka.committed().isPresent() ? OptionalLong.empty() : rowsEnd);
  }

  /** Nobody has asked yet for what the tables do not know any more. */
  private static final class NotAsked extends RuntimeException {
    private static final long serialVersionUID = 1;

    NotAsked(Rewind rewind) {
      super(
          String.format(
              Locale.ROOT,
              "PostgreSQL: the database was put back to an older point: its tables reach to offset %d, and %d is"
                  + " committed; `spendwatch rewind` says what is missing and has it read again",
              rewind.from(),
              rewind.to()),
          null,
          false,
          false);
    }
  }

  private CompletionStage<Done> asked(
      PipelineLife life, SourceState kafka, PartitionStart.Rewind rewind) {
    Rewind stretch = rewind(life, kafka, rewind);
    AtomicBoolean isSaid = new AtomicBoolean();
    return Retry.start(
        () ->
            sources
                .rewind(stretch, false, nodeId, time.millis())
                .thenApply(
                    isAsked -> {
                      if (!isAsked) {
                        var notAsked = new NotAsked(stretch);
                        if (!isSaid.getAndSet(true)) {
                          PartitionLine.about(life.source(), LOG.atError())
                              .addKeyValue("offset", stretch.from())
                              .addKeyValue("committed", stretch.to())
                              .log(notAsked.getMessage());
                        }
                        throw notAsked;
                      }
                      return Done.done();
                    }),
        retry,
        time,
        failure -> failure instanceof NotAsked || PgFailure.isWorthAnotherTry(failure),
        life::isLive,
        new RetryReport(
            life,
            Server.POSTGRES,
            failure ->
                failure instanceof NotAsked ? failure.getMessage() : PgFailure.describe(failure)));
  }

  private static Rewind rewind(PipelineLife life, SourceState kafka, PartitionStart.Rewind rewind) {
    return new Rewind(
        life.source().topic(),
        kafka.topicId(),
        life.source().partition(),
        rewind.from(),
        rewind.to());
  }

  /** Alerts of the partition that are not to be published again. */
  public CompletionStage<Set<String>> seenAlerts(PipelineLife life) {
    return untilDone(life, () -> sources.seenAlerts(life.source().partition()));
  }

  /**
   * Of a topic without rows. What the tables do not know (any more) is read again at once: a
   * balance that is known already changes nothing. An offset without our note is that of an earlier
   * version, or somebody has moved it: then it alone says how far the topic was read.
   */
  public CompletionStage<PartitionStart> find(PipelineLife life, SourceState kafka) {
    int partition = life.source().partition();
    return topicId(life)
        .thenCompose(
            topicId ->
                untilDone(life, () -> sources.balancesPlace(kafka.topicId(), partition))
                    .thenApply(
                        place ->
                            kafka.publishedAlertSeq().isPresent()
                                ? OptionalLong.of(place.orElse(0))
                                : OptionalLong.empty())
                    .thenApply(place -> new Durable(topicId, place, OptionalLong.empty())))
        .thenApply(durable -> PartitionStart.of(kafka, durable))
        .thenCompose(
            start ->
                start
                    .rewind()
                    .map(
                        rewind ->
                            untilDone(
                                life,
                                () ->
                                    sources.rewind(
                                        rewind(life, kafka, rewind), true, nodeId, time.millis())))
                    .orElseGet(() -> CompletableFuture.completedFuture(true))
                    .thenCompose(_ -> noticed(life, start, 0))
                    .thenCompose(
                        _ ->
                            untilDone(
                                life,
                                () ->
                                    sources.noteBalancesPlace(
                                        kafka.topicId(), partition, start.offset())))
                    .thenApply(_ -> start));
  }

  /**
   * Makes the beginning the group's offset and what is durable, where it is not yet.
   *
   * @param note of the committed offset
   * @param epoch under which the partition is claimed; empty where it is not
   */
  public CompletionStage<Done> settle(
      PipelineLife life, SourceState kafka, PartitionStart start, String note, OptionalLong epoch) {
    life.progress().startsAt(start.offset());
    boolean passesOver =
        start.loss().filter(loss -> loss.reason() != Reason.TOPIC_REPLACED).isPresent();
    return passesOver
        ? adopt(life, kafka, start, epoch).thenCompose(_ -> commit(life, start, note))
        : commit(life, start, note).thenCompose(_ -> adopt(life, kafka, start, epoch));
  }

  private CompletionStage<Done> commit(PipelineLife life, PartitionStart start, String note) {
    return start.isCommitted()
        ? CompletableFuture.completedFuture(Done.done())
        : publishers.publish(life, start.offset(), note, List.of(), false);
  }

  private CompletionStage<Done> adopt(
      PipelineLife life, SourceState kafka, PartitionStart start, OptionalLong epoch) {
    if (start.isKnown()) {
      return CompletableFuture.completedFuture(Done.done());
    }
    return untilDone(
            life,
            () ->
                sources.adopt(
                    life.source().topic(),
                    life.source().partition(),
                    kafka.topicId(),
                    start.nextOffset(),
                    start.offset(),
                    epoch))
        .thenCompose(
            inEffect ->
                inEffect
                    ? CompletableFuture.completedFuture(Done.done())
                    : CompletableFuture.failedFuture(
                        new PipelineLife.Ended("a later epoch has taken over")));
  }

  private CompletionStage<Optional<String>> topicId(PipelineLife life) {
    return untilDone(life, () -> sources.topicId(life.source().topic(), life.source().partition()));
  }

  private CompletionStage<PartitionStart> noticed(
      PipelineLife life, PartitionStart start, long rowsBefore) {
    start
        .remark()
        .ifPresent(remark -> PartitionLine.about(life.source(), LOG.atWarn()).log(remark));
    return start
        .loss()
        .map(loss -> note(life, start, loss, rowsBefore))
        .orElseGet(() -> CompletableFuture.completedFuture(start));
  }

  private CompletionStage<PartitionStart> note(
      PipelineLife life, PartitionStart start, Loss loss, long rowsBefore) {
    Sources.Lost whole =
        new Sources.Lost(
            life.source().topic(),
            loss.topicId(),
            life.source().partition(),
            loss.from(),
            loss.to(),
            loss.reason().name());
    return untilDone(life, () -> sources.lose(whole, rowsBefore, nodeId, time.millis()))
        .thenApply(
            stretches -> {
              stretches.forEach(stretch -> tell(life, start, loss, stretch));
              return start;
            });
  }

  private void tell(PipelineLife life, PartitionStart start, Loss loss, Sources.Lost stretch) {
    OptionalLong to = stretch.to();
    lost.add(to.isPresent() ? to.getAsLong() - stretch.from() : 1);
    PartitionLine.about(life.source(), LOG.atError())
        .addKeyValue("from", stretch.from())
        .addKeyValue("to", to.isPresent() ? to.getAsLong() : "unknown")
        .addKeyValue("reason", loss.reason())
        .addKeyValue("offset", start.offset())
        .log(
            "LOST_RECORDS: {} offsets [{}, {}): {}. Going on from offset {}. Send them again if the"
                + " producer still has them; then acknowledge it in spendwatch.lost_records",
            life.source(),
            stretch.from(),
            to.isPresent() ? to.getAsLong() : "unknown",
            loss.reason().meaning(),
            start.offset());
  }

  private <T> CompletionStage<T> untilDone(
      PipelineLife life, Supplier<CompletionStage<T>> statement) {
    return new UntilDone(life, retry, time).statement(statement);
  }
}
