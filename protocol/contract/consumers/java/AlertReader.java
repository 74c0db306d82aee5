import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCodec;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Follows the alert topic and keeps who is over their limit. Reads from the beginning the first
 * time, then from where its group was.
 *
 * <pre>
 *   java -cp 'lib/*' AlertReader.java localhost:9092 [topic [group]]
 * </pre>
 */
public final class AlertReader {
  /** How many ids are remembered: more than can be read again after a restart. */
  private static final int SEEN_MAX = 100_000;

  private final Set<String> seen =
      Collections.newSetFromMap(
          new LinkedHashMap<>() {
            @Override
            protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
              return size() > SEEN_MAX;
            }
          });
  private final Map<String, Alert> open = new LinkedHashMap<>();

  public static void main(String[] arguments) {
    var settings = new Properties();
    settings.put("bootstrap.servers", arguments[0]);
    settings.put("group.id", arguments.length > 2 ? arguments[2] : "alert-reader-java");
    // Else alerts would be shown whose transaction is taken back, and come a second time.
    settings.put("isolation.level", "read_committed");
    settings.put("auto.offset.reset", "earliest");
    settings.put("enable.auto.commit", "false");
    var reader = new AlertReader();
    try (var consumer =
        new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
      consumer.subscribe(List.of(arguments.length > 1 ? arguments[1] : "alerts"));
      while (!Thread.interrupted()) {
        for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
          reader.take(record);
        }
        // After the work is done: what is read again after a crash is known by its id.
        consumer.commitSync();
      }
    }
  }

  private void take(ConsumerRecord<String, byte[]> record) {
    Alert alert;
    try {
      // Fields that this version of the library does not know are ignored.
      alert = AlertCodec.decode(record.value());
    } catch (AlertCodec.AlertFormatException e) {
      System.err.printf(
          "partition %d offset %d: %s%n", record.partition(), record.offset(), e.getMessage());
      return;
    }
    if (!seen.add(alert.alertId())) {
      return;
    }
    switch (alert.type()) {
      case RAISED -> {
        open.put(alert.episodeId(), alert);
        System.out.printf("RAISED  %s over %s%n", alert.userId(), alert.episodeId());
      }
      // The cause may be OTHER: one of a later version. That the episode has ended holds all the
      // same.
      case CLEARED -> {
        Alert raised = open.remove(alert.episodeId());
        System.out.printf(
            "CLEARED %s %s by %s%s%n",
            alert.userId(),
            alert.episodeId(),
            alert.cause(),
            raised == null ? ", raised before this reader began" : "");
      }
    }
    System.out.printf("        open episodes: %d%n", open.size());
  }
}
