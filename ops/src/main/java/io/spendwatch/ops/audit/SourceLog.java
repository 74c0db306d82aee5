package io.spendwatch.ops.audit;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.protocol.DeadLetters;
import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.kafka.KafkaConfig;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * The topics that the rows come from, as the audit reads them: by itself, beside the group. For one
 * thread, which it blocks. Every method throws {@link OperatorException} where Kafka does not
 * answer.
 */
final class SourceLog implements AutoCloseable {
  private static final Duration ANSWER = Duration.ofSeconds(10);
  private static final Duration POLL = Duration.ofMillis(500);

  /** Reading on is quicker than asking anew where so many records lie between two of interest. */
  private static final int READ_OVER_MAX = 20_000;

  private final KafkaConfig config;
  private final KafkaConsumer<byte[], byte[]> consumer;

  private SourceLog(KafkaConfig config, KafkaConsumer<byte[], byte[]> consumer) {
    this.config = config;
    this.consumer = consumer;
  }

  /** Connects when first asked. To be closed by whoever opened it. */
  static SourceLog open(KafkaConfig config) {
    Map<String, Object> properties = new HashMap<>();
    properties.put(
        ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, Math.toIntExact(ANSWER.toMillis()));
    properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    properties.putAll(config.clientProperties());
    properties.put(ConsumerConfig.CLIENT_ID_CONFIG, config.nodeId() + "-audit");
    // Only to ask for the group's offsets: nothing is subscribed to, nor committed.
    properties.put(ConsumerConfig.GROUP_ID_CONFIG, config.groupId());
    properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    properties.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    properties.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    try {
      return new SourceLog(config, new KafkaConsumer<>(properties));
    } catch (KafkaException e) {
      throw failure(config, e);
    }
  }

  /** The group's committed offset of each partition; 0 where it has none yet. */
  Map<Integer, Long> committed() {
    return answer(
        () -> {
          List<TopicPartition> partitions = partitions(config.topics().transactions());
          Map<TopicPartition, OffsetAndMetadata> known =
              consumer.committed(new HashSet<>(partitions));
          Map<Integer, Long> offsets = new TreeMap<>();
          for (TopicPartition partition : partitions) {
            OffsetAndMetadata offset = known.get(partition);
            offsets.put(partition.partition(), offset == null ? 0 : offset.offset());
          }
          return offsets;
        });
  }

  /** Where each partition ends: every record that anybody has read is below. */
  Map<Integer, Long> ends() {
    return answer(
        () -> {
          Map<Integer, Long> ends = new TreeMap<>();
          consumer
              .endOffsets(partitions(config.topics().transactions()))
              .forEach((partition, end) -> ends.put(partition.partition(), end));
          return ends;
        });
  }

  /**
   * Where each partition ends, with what open transactions have written. All that was written
   * together with an offset of {@link #committed()} is below: that offset can be seen a moment
   * before the records are, since the broker marks one partition after the other as committed.
   * Reading up to here waits for that.
   */
  Map<Integer, Long> writtenEnds() {
    Map<Integer, Long> ends = new TreeMap<>();
    writtenEnds(config.topics().transactions())
        .forEach((partition, end) -> ends.put(partition.partition(), end));
    return ends;
  }

  private Map<TopicPartition, Long> writtenEnds(String topic) {
    return answer(
        () -> {
          Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
          partitions(topic).forEach(partition -> latest.put(partition, OffsetSpec.latest()));
          Map<TopicPartition, Long> ends = new HashMap<>();
          Map<String, Object> properties = new HashMap<>(config.clientProperties());
          properties.put(AdminClientConfig.CLIENT_ID_CONFIG, config.nodeId() + "-audit-admin");
          try (Admin admin = Admin.create(properties)) {
            admin
                .listOffsets(latest, new ListOffsetsOptions(IsolationLevel.READ_UNCOMMITTED))
                .all()
                .get(ANSWER.toMillis(), TimeUnit.MILLISECONDS)
                .forEach((partition, end) -> ends.put(partition, end.offset()));
          } catch (ExecutionException e) {
            throw e.getCause() instanceof KafkaException kafka
                ? kafka
                : new KafkaException(e.getCause());
          } catch (java.util.concurrent.TimeoutException e) {
            throw new TimeoutException(e);
          } catch (InterruptedException e) {
            throw new InterruptException(e);
          }
          return ends;
        });
  }

  /** Where a partition begins: what was before has expired. */
  long beginning(int partition) {
    TopicPartition source = new TopicPartition(config.topics().transactions(), partition);
    return answer(() -> consumer.beginningOffsets(List.of(source)).get(source));
  }

  /**
   * Reads the committed records at these offsets.
   *
   * @param stretches first and last offset of each, in order
   */
  void read(
      int partition, List<long[]> stretches, Consumer<ConsumerRecord<byte[], byte[]>> reader) {
    TopicPartition source = new TopicPartition(config.topics().transactions(), partition);
    answer(
        () -> {
          consumer.assign(List.of(source));
          consumer.seek(source, stretches.getFirst()[0]);
          int current = 0;
          var patience = new Patience(source);
          while (current < stretches.size()) {
            patience.check();
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
              while (current < stretches.size() && stretches.get(current)[1] < record.offset()) {
                current++;
              }
              if (current < stretches.size() && stretches.get(current)[0] <= record.offset()) {
                reader.accept(record);
              }
            }
            long position = consumer.position(source);
            while (current < stretches.size() && stretches.get(current)[1] < position) {
              current++;
            }
            if (current < stretches.size()
                && stretches.get(current)[0] > position + READ_OVER_MAX) {
              consumer.seek(source, stretches.get(current)[0]);
            }
          }
          return null;
        });
  }

  /** An offset of the transactions topic. */
  record Source(int partition, long offset) {}

  /**
   * Which records became dead letters.
   *
   * @param sinceMs wall clock: dead letters that were written before are not read
   */
  Set<Source> deadLetters(long sinceMs) {
    return answer(
        () -> {
          List<TopicPartition> partitions = partitions(config.topics().transactionsDeadLetters());
          Map<TopicPartition, Long> times = new HashMap<>();
          partitions.forEach(partition -> times.put(partition, Math.max(0, sinceMs)));
          Map<TopicPartition, Long> ends = writtenEnds(config.topics().transactionsDeadLetters());
          Map<TopicPartition, OffsetAndTimestamp> begins = consumer.offsetsForTimes(times);
          Set<Source> found = new HashSet<>();
          for (TopicPartition partition : partitions) {
            OffsetAndTimestamp begin = begins.get(partition);
            if (begin != null) {
              readDeadLetters(partition, begin.offset(), ends.get(partition), found);
            }
          }
          return found;
        });
  }

  private void readDeadLetters(TopicPartition partition, long from, long to, Set<Source> found) {
    consumer.assign(List.of(partition));
    consumer.seek(partition, from);
    var patience = new Patience(partition);
    while (consumer.position(partition) < to) {
      patience.check();
      for (ConsumerRecord<byte[], byte[]> letter : consumer.poll(POLL)) {
        String topic = header(letter, DeadLetters.TOPIC);
        String source = header(letter, DeadLetters.PARTITION);
        String offset = header(letter, DeadLetters.OFFSET);
        if (config.topics().transactions().equals(topic) && source != null && offset != null) {
          found.add(new Source(Integer.parseInt(source), Long.parseLong(offset)));
        }
      }
    }
  }

  /**
   * Polling waits without a word, and for ever, for a broker that is away and for the end of a
   * transaction.
   */
  private final class Patience {
    private final TopicPartition source;
    private final Duration patience = config.transactionTimeout().plus(ANSWER);
    private long position = -1;
    private long sinceNanos = System.nanoTime();

    Patience(TopicPartition source) {
      this.source = source;
    }

    void check() {
      long reached = consumer.position(source);
      if (reached != position) {
        position = reached;
        sinceNanos = System.nanoTime();
      } else if (System.nanoTime() - sinceNanos > patience.toNanos()) {
        throw new OperatorException(
            String.format(
                Locale.ROOT,
                "Kafka at %s has let nobody read %s on from offset %d for %d s: it is away, or a transaction stays "
                    + "open there (kafka-transactions.sh find-hanging)",
                config.bootstrapServers(),
                source,
                position,
                patience.toSeconds()));
      }
    }
  }

  private static String header(ConsumerRecord<byte[], byte[]> letter, String name) {
    Header header = letter.headers().lastHeader(name);
    return header == null ? null : new String(header.value(), UTF_8);
  }

  private List<TopicPartition> partitions(String topic) {
    List<PartitionInfo> infos = consumer.partitionsFor(topic);
    if (infos == null || infos.isEmpty()) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "Kafka at %s has no topic %s: `spendwatch migrate` makes it",
              config.bootstrapServers(),
              topic));
    }
    return infos.stream().map(info -> new TopicPartition(topic, info.partition())).toList();
  }

  private interface Question<T> {
    T ask();
  }

  private <T> T answer(Question<T> question) {
    try {
      return question.ask();
    } catch (TimeoutException e) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "Kafka at %s does not answer after %d s",
              config.bootstrapServers(),
              ANSWER.toSeconds()),
          e);
    } catch (KafkaException e) {
      throw failure(config, e);
    }
  }

  private static OperatorException failure(KafkaConfig config, KafkaException e) {
    return new OperatorException(
        String.format(
            Locale.ROOT,
            "Kafka at %s: %s",
            config.bootstrapServers(),
            // What an issuer of tokens says is wrapped more than once.
            Retry.reason(Retry.root(e))),
        e);
  }

  @Override
  public void close() {
    consumer.close();
  }
}
