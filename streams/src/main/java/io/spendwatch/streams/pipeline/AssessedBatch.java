package io.spendwatch.streams.pipeline;

import io.spendwatch.actors.exposure.Assessment;
import io.spendwatch.actors.exposure.Received;
import io.spendwatch.actors.partition.PartitionCommand.Assessed;
import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Topics;
import io.spendwatch.streams.life.PublishedAlert;
import io.spendwatch.streams.quarantine.DecodedBatch;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * A batch that is assessed, as it is to be published.
 *
 * @param nextOffset to be committed with it
 * @param lastTimestampMs of its last record; negative of a tick
 * @param alertSeq place of its last alert, or of the last one before it
 * @param alerts that subscribers do not have yet
 * @param deadLetters how many, by their reason
 * @param records alerts, records passed on and dead letters, in the order in which they are sent
 * @param hasCome whether there were records or there are alerts, and so a place to be committed
 * @param isFull whether more waits behind it
 */
record AssessedBatch(
    long nextOffset,
    long lastTimestampMs,
    long alertSeq,
    List<PublishedAlert> alerts,
    Map<DeadLetterReason, Integer> deadLetters,
    List<ProducerRecord<byte[], byte[]>> records,
    boolean hasCome,
    boolean isFull) {

  /**
   * Encodes it: where that fails, it has to before anything of the batch is durable, since a later
   * life could not put aside an alert that cannot be encoded.
   *
   * @param nextOffset after its last record; of a tick, where the last batch ended
   * @param alertSeqBefore place of the last alert before it
   * @param seen ids of alerts that subscribers have already
   */
  static AssessedBatch of(
      DecodedBatch<Received> batch,
      boolean isFull,
      Assessed answer,
      long nextOffset,
      long alertSeqBefore,
      Set<String> seen,
      Topics topics) {
    return new AssessedBatch(
        nextOffset,
        batch.lastTimestampMs(),
        alertSeqBefore + answer.announcements().size(),
        alerts(batch, answer, seen),
        deadLetters(batch, answer),
        OutgoingRecords.of(batch, answer, seen, topics),
        !batch.isTick() || !answer.announcements().isEmpty(),
        isFull);
  }

  private static List<PublishedAlert> alerts(
      DecodedBatch<Received> batch, Assessed answer, Set<String> seen) {
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
    for (Assessment assessment : answer.assessments()) {
      if (assessment instanceof Assessment.Rejected(var reason, _)) {
        letters.merge(reason, 1, Integer::sum);
      }
    }
    return letters;
  }
}
