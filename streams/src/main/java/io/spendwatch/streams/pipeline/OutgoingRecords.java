package io.spendwatch.streams.pipeline;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.actors.exposure.Assessment;
import io.spendwatch.actors.exposure.Received;
import io.spendwatch.actors.partition.PartitionCommand.Assessed;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCodec;
import io.spendwatch.protocol.DeadLetters;
import io.spendwatch.protocol.Topics;
import io.spendwatch.streams.quarantine.DecodedBatch;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.kafka.clients.producer.ProducerRecord;

/** What a batch of transactions has published. Stateless. */
final class OutgoingRecords {
  private OutgoingRecords() {}

  /**
   * Alerts, records passed on, and dead letters.
   *
   * @param seen ids of alerts that subscribers have already
   */
  static List<ProducerRecord<byte[], byte[]>> of(
      DecodedBatch<Received> batch, Assessed answer, Set<String> seen, Topics topics) {
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    for (Alert alert : answer.alerts()) {
      ProducerRecord<byte[], byte[]> record = of(alert, topics);
      if (!seen.contains(alert.alertId())) {
        records.add(record);
      }
    }
    records.addAll(batch.passedOn());
    records.addAll(batch.deadLetters());
    for (int i = 0; i < answer.assessments().size(); i++) {
      if (answer.assessments().get(i) instanceof Assessment.Rejected(var reason, String message)) {
        records.add(
            DeadLetters.of(
                batch.sources().get(i), topics.transactionsDeadLetters(), reason, message));
      }
    }
    return records;
  }

  static ProducerRecord<byte[], byte[]> of(Alert alert, Topics topics) {
    return new ProducerRecord<>(
        topics.alerts(),
        null,
        alert.userId().getBytes(UTF_8),
        AlertCodec.encode(alert),
        AlertCodec.headers(alert));
  }
}
