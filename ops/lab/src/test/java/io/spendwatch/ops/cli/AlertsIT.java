package io.spendwatch.ops.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.actors.exposure.Rule;
import io.spendwatch.ops.testing.Launched;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCodec;
import io.spendwatch.protocol.AlertType;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The command as a user runs it. */
@ExtendWith(Servers.class)
class AlertsIT {
  /** No further alert comes, so nothing that is written could tell that nobody reads it. */
  @Test
  void endsWhenNobodyReadsItAnyMore(TestBed bed) throws Exception {
    try (var producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bed.bootstrapServers()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      for (String id : List.of("a1", "a2", "a3")) {
        var _ =
            producer
                .send(
                    new ProducerRecord<>(
                        bed.topics().alerts(), "u".getBytes(UTF_8), AlertCodec.encode(alert(id))))
                .get();
      }
    }
    String pipe =
        Launched.launcher()
            + " alerts --from-beginning | head -2; echo \"status ${PIPESTATUS[0]}\"";
    try (Launched alerts =
        Launched.start(bed.environment(), List.of("setsid", "bash", "-c", pipe))) {
      assertThat(alerts.awaitEnd(Duration.ofMinutes(1))).isZero();
      assertThat(alerts.out()).hasSize(3).last().isEqualTo("status 0");
      assertThat(alerts.err()).isEmpty();
    }
  }

  private static Alert alert(String id) {
    return new Alert(
        id,
        AlertType.RAISED,
        "e",
        "u",
        "t",
        2,
        1,
        "USD",
        1,
        0,
        0,
        false,
        null,
        null,
        Rule.EXPOSURE_24H.applied(),
        new Alert.Source("transactions", 0, 7));
  }
}
