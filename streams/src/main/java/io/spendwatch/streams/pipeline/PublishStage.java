package io.spendwatch.streams.pipeline;

import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.DeadLetters;
import io.spendwatch.protocol.Topics;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.kafka.OffsetNote;
import io.spendwatch.streams.ledger.Ledger;
import io.spendwatch.streams.life.Incarnation;
import io.spendwatch.streams.life.PartitionLine;
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
  private final Incarnation incarnation;
  private final long epoch;
  private final Places places;
  private final Timekeeper time;

  /**
   * @param epoch under which the partition is claimed
   * @param places moved when Kafka has answered
   */
  PublishStage(
      Publishers publishers, Incarnation incarnation, long epoch, Places places, Timekeeper time) {
    this.publishers = publishers;
    this.incarnation = incarnation;
    this.epoch = epoch;
    this.places = places;
    this.time = time;
  }

  /** What is durable. */
  CompletionStage<Done> publish(JudgedBatch batch) {
    if (!batch.hasCome()) {
      return CompletableFuture.completedFuture(Done.done());
    }
    return notePublished(
        batch,
        // Behind a full batch there are more: what it found is late by more than a short wait.
        publishers.publish(
            incarnation,
            batch.nextOffset(),
            OffsetNote.of(batch.alertSeq()),
            batch.records(),
            batch.isFull()));
  }

  /** What is being written: sent now, committed once it is durable. */
  CompletionStage<Done> publishAhead(JudgedBatch batch, CompletableFuture<Done> durable) {
    return notePublished(
        batch,
        publishers.publishAhead(
            incarnation,
            batch.nextOffset(),
            OffsetNote.of(batch.alertSeq()),
            batch.records(),
            durable));
  }

  private CompletionStage<Done> notePublished(JudgedBatch batch, CompletionStage<Done> published) {
    long askedNanos = time.nanoTime();
    return published.thenApply(
        done -> {
          if (!batch.records().isEmpty()) {
            incarnation.progress().took(Stage.PUBLISH_ALERTS, time.nanoTime() - askedNanos);
          }
          places.published(batch);
          incarnation
              .progress()
              .published(
                  batch.nextOffset(),
                  batch.lastTimestampMs(),
                  batch.alerts(),
                  batch.deadLetters(),
                  time.millis());
          if (!batch.deadLetters().isEmpty()) {
            incarnation.progress().putAside(DeadLetters.byUser(batch.records()));
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
    PartitionLine.about(incarnation.source(), LOG.atInfo())
        .addKeyValue("epoch", epoch)
        .addKeyValue("alerts", records.size())
        .log("Publishing alerts that an earlier life left");
    long nextOffset = places.nextOffset();
    return publishers
        .publish(incarnation, nextOffset, OffsetNote.of(lastSeq), records, false)
        .thenApply(
            done -> {
              places.publishedLeftovers(lastSeq);
              incarnation
                  .progress()
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
