package io.spendwatch.streams.kafka;

import static io.spendwatch.streams.base.ConfigSection.check;
import static io.spendwatch.streams.base.ConfigSection.checkPositive;

import io.spendwatch.protocol.Partitioner;
import io.spendwatch.protocol.Topics;
import io.spendwatch.streams.base.ConfigSection;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * How Kafka is reached: {@code spendwatch.kafka}.
 *
 * @param nodeId {@code spendwatch.node-id}: names this node's clients and its transactions, so it
 *     must be unique in the cluster and the same after a restart
 * @param bootstrapServers {@code host:port,…}
 * @param groupId consumer group
 * @param topics names in force
 * @param partitioner of the producers that write the transactions topic
 * @param sessionTimeout after which a dead node's partitions go to others
 * @param transactionTimeout after which the broker aborts what a dead node left open
 * @param requestTimeout for one answer of the broker, where a thread waits for it
 * @param fetchBytesMin of records: with so many the broker answers at once
 * @param fetchWaitMax after which it answers with what there is
 * @param properties any kafka-clients properties, for all clients; they override what is set here,
 *     except for what the guarantees rest on
 */
public record KafkaConfig(
    String nodeId,
    String bootstrapServers,
    String groupId,
    Topics topics,
    Partitioner partitioner,
    Duration sessionTimeout,
    Duration transactionTimeout,
    Duration requestTimeout,
    int fetchBytesMin,
    Duration fetchWaitMax,
    Map<String, String> properties) {

  /** The transactional id of a further producer of a node, with that of its first. */
  private static final Pattern NUMBERED =
      Pattern.compile("(?<first>.+)/[1-9][0-9]*/", Pattern.DOTALL);

  private static final String ALERT_COMPRESSION = "none";

  private static final int POLL_RECORDS_MAX = 4000;
  private static final int FETCH_BYTES_MAX = 8 << 20;
  private static final int PARTITION_FETCH_BYTES_MAX = 1 << 20;

  /** How long the thread that polls waits for an answer that it can as well ask for again. */
  public static final Duration ASK = Duration.ofMillis(250);

  /**
   * How long a broker may keep a fetch at most. It answers one request of a connection after the
   * other: what the polling thread asks for waits behind the fetch, and must be answered within
   * {@link #ASK}.
   */
  private static final Duration FETCH_WAIT_LIMIT = ASK.dividedBy(3);

  /**
   * Before a transaction can begin, the broker must have ended the one before everywhere, which
   * takes it some milliseconds, and says "not yet" until then. The client's own 100 ms would be
   * most of the time until an alert is seen.
   */
  private static final long TRANSACTION_RETRY_MS = 5;

  /** After which a partition that has been added to a topic is known, and given to somebody. */
  private static final int METADATA_AGE_MS_MAX = 2000;

  /** A rebalance waits until every member has heard of it, with its next heartbeat. */
  private static final int HEARTBEATS_PER_SESSION = 6;

  /** A dead letter is the largest record we send: any that the source topic took, plus headers. */
  private static final int REQUEST_BYTES_MAX = 4 << 20;

  public KafkaConfig {
    check(
        !nodeId.isBlank() && !nodeId.contains("/"),
        "spendwatch.node-id",
        nodeId,
        "a name unique in the cluster, without a /");
    check(
        !bootstrapServers.isBlank(),
        "spendwatch.kafka.bootstrap-servers",
        bootstrapServers,
        "host:port,…");
    check(!groupId.isBlank(), "spendwatch.kafka.group-id", groupId, "a name");
    checkPositive("spendwatch.kafka.session-timeout", sessionTimeout);
    checkPositive("spendwatch.kafka.request-timeout", requestTimeout);
    check(
        transactionTimeout.compareTo(requestTimeout.multipliedBy(2)) >= 0,
        "spendwatch.kafka.transaction-timeout",
        transactionTimeout,
        ">= twice the request-timeout " + requestTimeout);
    check(
        fetchBytesMin >= 1 && fetchBytesMin <= PARTITION_FETCH_BYTES_MAX,
        "spendwatch.kafka.fetch-bytes-min",
        fetchBytesMin,
        "1 to " + PARTITION_FETCH_BYTES_MAX);
    check(
        !fetchWaitMax.isNegative() && fetchWaitMax.compareTo(FETCH_WAIT_LIMIT) <= 0,
        "spendwatch.kafka.fetch-wait-max",
        fetchWaitMax,
        "at most " + FETCH_WAIT_LIMIT.toMillis() + " ms");
    properties = Map.copyOf(properties);
  }

  public static KafkaConfig from(String nodeId, ConfigSection section) {
    ConfigSection names = section.section("topics");
    Topics topics =
        new Topics(
            names.string("transactions"),
            names.string("balances"),
            names.string("alerts"),
            names.string("transactions-dead-letters"),
            names.string("balances-dead-letters"),
            names.string("sales-metrics"));
    names.rejectUnknown();
    KafkaConfig config =
        new KafkaConfig(
            nodeId,
            section.string("bootstrap-servers"),
            section.string("group-id"),
            topics,
            partitioner(section),
            section.duration("session-timeout"),
            section.duration("transaction-timeout"),
            section.duration("request-timeout"),
            section.bytes("fetch-bytes-min"),
            section.duration("fetch-wait-max"),
            properties(section));
    section.rejectUnknown();
    return config;
  }

  /** A file that is named holds, as with all secrets. */
  private static Map<String, String> properties(ConfigSection section) {
    String files = "property-files";
    Map<String, String> all = new HashMap<>(section.flat("properties"));
    all.putAll(section.secrets(files));
    return OAuthLogin.completed(RenewedLogin.completed(all, section.flat(files)));
  }

  private static Partitioner partitioner(ConfigSection section) {
    String name = section.string("partitioner");
    Optional<Partitioner> named = Partitioner.named(name);
    check(named.isPresent(), "spendwatch.kafka.partitioner", name, "murmur2 or crc32");
    return named.get();
  }

  /**
   * What every client needs, also those of other modules: servers and passed-through properties.
   */
  public Map<String, Object> clientProperties() {
    Map<String, Object> all = new HashMap<>();
    all.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
    all.putAll(properties);
    return all;
  }

  /** Of the first producer of a node of this group: {@code group/node}. */
  public String transactionalId(String node) {
    return groupId + "/" + node;
  }

  /**
   * Of any producer of a node: {@code group/node}, {@code group/node/1/}, {@code group/node/2/}. A
   * group may have slashes, a node has none and is not empty: so the last one tells whether there
   * is a number, and no id belongs to two groups.
   *
   * @param number from 0
   */
  public String transactionalId(String node, int number) {
    return number == 0 ? transactionalId(node) : transactionalId(node) + "/" + number + "/";
  }

  /**
   * Of the one producer of sales metrics that the group has, whichever node's it is: whoever begins
   * with it ends what another one has left open. It is no node's: the last part is empty, and no
   * number.
   */
  public String salesMetricsTransactionalId() {
    return groupId + "/sales-metrics//";
  }

  /**
   * The node one of whose producers has this transactional id; empty for one that is not of this
   * group.
   */
  public Optional<String> nodeOf(String transactionalId) {
    Matcher numbered = NUMBERED.matcher(transactionalId);
    String first = numbered.matches() ? numbered.group("first") : transactionalId;
    int end = first.lastIndexOf('/');
    boolean isOurs =
        end == groupId.length() && end < first.length() - 1 && first.startsWith(groupId);
    return isOurs ? Optional.of(first.substring(end + 1)) : Optional.empty();
  }

  /** By which a node is seen among the members of the group. */
  static String consumerClientId(String node) {
    return node + "-consumer";
  }

  /**
   * Of an admin client of this node.
   *
   * @param purpose ends its name
   */
  Map<String, Object> adminProperties(String purpose) {
    int timeoutMs = Math.toIntExact(requestTimeout.toMillis());
    Map<String, Object> all = new HashMap<>();
    all.put(CommonClientConfigs.CLIENT_ID_CONFIG, nodeId + "-" + purpose);
    all.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, timeoutMs);
    all.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, timeoutMs);
    all.putAll(clientProperties());
    return all;
  }

  public Map<String, Object> consumerProperties() {
    Map<String, Object> all = new HashMap<>();
    all.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, POLL_RECORDS_MAX);
    all.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, FETCH_BYTES_MAX);
    all.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, Math.toIntExact(fetchWaitMax.toMillis()));
    all.put(ConsumerConfig.FETCH_MIN_BYTES_CONFIG, fetchBytesMin);
    all.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, PARTITION_FETCH_BYTES_MAX);
    all.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    all.put(ConsumerConfig.METADATA_MAX_AGE_CONFIG, METADATA_AGE_MS_MAX);
    if (!"consumer".equals(properties.get(ConsumerConfig.GROUP_PROTOCOL_CONFIG))) {
      // With the newer protocol these are the broker's to decide, and the client refuses them.
      all.put(
          ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG,
          CooperativeStickyAssignor.class.getName());
      all.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, Math.toIntExact(sessionTimeout.toMillis()));
      all.put(
          ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG,
          Math.toIntExact(sessionTimeout.toMillis() / HEARTBEATS_PER_SESSION));
    }
    all.putAll(clientProperties());
    // The guarantees rest on these.
    all.put(ConsumerConfig.GROUP_ID_CONFIG, groupId);
    all.put(ConsumerConfig.CLIENT_ID_CONFIG, consumerClientId(nodeId));
    all.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    // Where reading goes on is for us to decide: the client would pass over what is lost in
    // silence.
    all.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    all.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    all.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    all.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    return all;
  }

  /**
   * Of one of this node's producers.
   *
   * @param number from 0
   */
  public Map<String, Object> producerProperties(int number) {
    return producerProperties(nodeId + "-producer-" + number, transactionalId(nodeId, number));
  }

  /** Of the producer of sales metrics, where this node has it. */
  public Map<String, Object> salesMetricsProducerProperties() {
    return producerProperties(nodeId + "-sales-metrics", salesMetricsTransactionalId());
  }

  private Map<String, Object> producerProperties(String clientId, String transactionalId) {
    int requestTimeoutMs = Math.toIntExact(requestTimeout.toMillis());
    Map<String, Object> all = new HashMap<>();
    all.put(ProducerConfig.CLIENT_ID_CONFIG, clientId);
    all.put(ProducerConfig.LINGER_MS_CONFIG, 0);
    all.put(ProducerConfig.RETRY_BACKOFF_MS_CONFIG, TRANSACTION_RETRY_MS);
    // Every subscriber's client reads it; some have no lz4. Batches of alerts are a few records.
    all.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, ALERT_COMPRESSION);
    all.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, REQUEST_BYTES_MAX);
    all.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, requestTimeoutMs);
    all.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 2 * requestTimeoutMs);
    all.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 2 * requestTimeoutMs);
    all.put(
        ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, Math.toIntExact(transactionTimeout.toMillis()));
    all.putAll(clientProperties());
    // The guarantees rest on these.
    all.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, transactionalId);
    all.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    all.put(ProducerConfig.ACKS_CONFIG, "all");
    all.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    all.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    return all;
  }
}
