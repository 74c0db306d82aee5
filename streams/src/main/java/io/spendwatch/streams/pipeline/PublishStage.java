package io.spendwatch.streams.pipeline;

import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.DeadLetters;
import io.spendwatch.protocol.Topics;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.kafka.OffsetNote;
import io.spendwatch.streams.ledger.Ledger;
import io.spendwatch.streams.life.PartitionLine;
import io.spendwatch.streams.life.PipelineLife;
import io.spendwatch.streams.life.PipelineMetrics.Stage;
import io.spendwatch.streams.life.PublishedAlert;
import io.spendwatch.streams.publish.Publishers;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongFunction;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.pekko.Done;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one life of a partition's pipeline publishes: each batch's records and its offset, in one
 * transaction, asked for in the order of the batches. Of the walk this is {@code publish-alerts}.
 */
final class PublishStage {
  private static final Logger LOG = LoggerFactory.getLogger(PublishStage.class);

  private final Publishers publishers;
  private final PipelineLife life;
  private final long epoch;
  private final Places places;
  private final Timekeeper time;

  /**
   * @param epoch under which the partition is claimed
   * @param places moved when Kafka has answered
   */
  PublishStage(
      Publishers publishers, PipelineLife life, long epoch, Places places, Timekeeper time) {
    this.publishers = publishers;
    this.life = life;
    this.epoch = epoch;
    this.places = places;
    this.time = time;
  }

  /** What is durable. */
  CompletionStage<Done> publish(AssessedBatch batch) {
    if (!batch.hasCome()) {
      return CompletableFuture.completedFuture(Done.done());
    }
    return notePublished(
        batch,
        // Behind a full batch there are more: what it found is late by more than a short wait.
        publishers.publish(
            life,
            batch.nextOffset(),
            OffsetNote.of(batch.alertSeq()),
            batch.records(),
            batch.isFull()));
  }

  /** What is being written: sent now, committed once it is durable. */
  CompletionStage<Done> publishAhead(AssessedBatch batch, CompletableFuture<Done> durable) {
    return notePublished(
        batch,
        publishers.publishAhead(
            life, batch.nextOffset(), OffsetNote.of(batch.alertSeq()), batch.records(), durable));
  }

  private CompletionStage<Done> notePublished(
      AssessedBatch batch, CompletionStage<Done> published) {
    long askedNanos = time.nanoTime();
    return published.thenApply(
        done -> {
          if (!batch.records().isEmpty()) {
            life.progress().took(Stage.PUBLISH_ALERTS, time.nanoTime() - askedNanos);
          }
          places.published(batch);
          life.progress()
              .published(
                  batch.nextOffset(),
                  batch.lastTimestampMs(),
                  batch.alerts(),
                  batch.deadLetters(),
                  time.millis());
          if (!batch.deadLetters().isEmpty()) {
            life.progress().putAside(DeadLetters.byUser(batch.records()));
          }
          return done;
        });
  }

  /**
   * Before this life reads anything: what earlier ones wrote and did not publish, with the offset
   * that is committed already.
   *
   * @param after answers with the next page of stored alerts after a place; empty at the end
   * @param seen ids of alerts that subscribers have already
   */
  CompletionStage<Done> publishLeftovers(
      LongFunction<CompletionStage<List<Ledger.StoredAlert>>> after,
      Set<String> seen,
      Topics topics) {
    return after
        .apply(places.publishedAlertSeq())
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
              return publishLeftovers(alerts, lastSeq, topics)
                  .thenCompose(_ -> publishLeftovers(after, seen, topics));
            });
  }

  private CompletionStage<Done> publishLeftovers(List<Alert> alerts, long lastSeq, Topics topics) {
    List<ProducerRecord<byte[], byte[]>> records =
        alerts.stream().map(alert -> OutgoingRecords.of(alert, topics)).toList();
    PartitionLine.about(life.source(), LOG.atInfo())
        .addKeyValue("epoch", epoch)
        .addKeyValue("alerts", records.size())
        .log("Publishing alerts that an earlier life left");
    long nextOffset = places.nextOffset();
    return publishers
        .publish(life, nextOffset, OffsetNote.of(lastSeq), records, false)
        .thenApply(
            done -> {
              places.publishedLeftovers(lastSeq);
              life.progress()
                  .published(
                      nextOffset,
                      -1,
                      alerts.stream().map(PublishedAlert::leftBehind).toList(),
                      Map.of(),
                      time.millis());
              return done;
            });
  }
}
