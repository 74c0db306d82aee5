package io.spendwatch.ops.doctor;

import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.kafka.KafkaConfig;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.FinalizedVersionRange;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.config.ConfigResource;

/** Looks at Kafka: its brokers, and the topics in it. Blocks; for one thread. */
final class KafkaChecks {
  private static final int ANSWER_TIMEOUT_MS = 10_000;
  private static final String BROKERS = "kafka";

  private final KafkaConfig config;
  private final List<Check> checks = new ArrayList<>();
  private final Map<String, TopicFacts> topics = new TreeMap<>();

  KafkaChecks(KafkaConfig config) {
    this.config = config;
  }

  /** Looks. */
  List<Check> look() throws InterruptedException {
    Map<String, Object> properties = new HashMap<>(config.clientProperties());
    properties.putIfAbsent(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, ANSWER_TIMEOUT_MS);
    properties.putIfAbsent(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, ANSWER_TIMEOUT_MS);
    try (Admin admin = Admin.create(properties)) {
      look(admin);
    } catch (ExecutionException | KafkaException e) {
      checks.add(
          Check.couldNotLook(
              BROKERS,
              config.bootstrapServers() + ": " + reason(e),
              "start Kafka there, or set SPENDWATCH_KAFKA_BOOTSTRAP_SERVERS and what its login"
                  + " needs"));
    }
    return List.copyOf(checks);
  }

  /** The topic of the transactions; null where it is missing, or could not be looked at. */
  TopicFacts transactions() {
    return topics.get(config.topics().transactions());
  }

  private void look(Admin admin) throws ExecutionException, InterruptedException {
    Collection<Node> brokers = admin.describeCluster().nodes().get();
    version(admin, brokers);
    Map<String, TopicFacts> there = describe(admin);
    topics.putAll(there);
    checks.addAll(new TopicChecks(brokers.size(), config.topics(), there).all());
    settings(admin, brokers.iterator().next());
  }

  private void version(Admin admin, Collection<Node> brokers) throws InterruptedException {
    String where =
        String.format(Locale.ROOT, "%d at %s", brokers.size(), config.bootstrapServers());
    try {
      Map<String, FinalizedVersionRange> features =
          admin.describeFeatures().featureMetadata().get().finalizedFeatures();
      String levels =
          features.isEmpty()
              ? "no feature levels, so of before Kafka 3.3"
              : features.entrySet().stream()
                  .sorted(Map.Entry.comparingByKey())
                  .map(feature -> feature.getKey() + " " + feature.getValue().maxVersionLevel())
                  .collect(Collectors.joining(", "));
      boolean isAsked = "consumer".equals(config.properties().get("group.protocol"));
      FinalizedVersionRange groups = features.get("group.version");
      checks.add(
          isAsked && (groups == null || groups.maxVersionLevel() < 1)
              ? Check.problem(
                  BROKERS,
                  where + "; group.protocol=consumer, and the brokers do not have it: " + levels,
                  "upgrade the brokers to Kafka 4.0 and group.version to 1, or leave group.protocol"
                      + " out")
              : Check.ok(BROKERS, where + "; " + levels));
    } catch (ExecutionException e) {
      checks.add(
          Check.couldNotLook(
              BROKERS, where + "; versions: " + reason(e), "let this login DESCRIBE the cluster"));
    }
  }

  private Map<String, TopicFacts> describe(Admin admin)
      throws ExecutionException, InterruptedException {
    List<String> wanted =
        Stream.concat(
                TopicChecks.ours(config.topics()).stream(),
                Stream.of(TopicChecks.CONSUMER_OFFSETS, TopicChecks.TRANSACTION_STATE))
            .toList();
    var known = admin.listTopics(new ListTopicsOptions().listInternal(true)).names().get();
    List<String> there = wanted.stream().filter(known::contains).toList();
    Map<String, TopicDescription> described = admin.describeTopics(there).allTopicNames().get();
    Map<ConfigResource, Config> settings =
        admin
            .describeConfigs(
                there.stream()
                    .map(name -> new ConfigResource(ConfigResource.Type.TOPIC, name))
                    .toList())
            .all()
            .get();
    Map<String, TopicFacts> facts = new TreeMap<>();
    described.forEach(
        (name, topic) ->
            facts.put(
                name,
                facts(topic, settings.get(new ConfigResource(ConfigResource.Type.TOPIC, name)))));
    return facts;
  }

  private static TopicFacts facts(TopicDescription topic, Config settings) {
    List<TopicPartitionInfo> partitions = topic.partitions();
    return new TopicFacts(
        topic.name(),
        topic.topicId().toString(),
        partitions.size(),
        partitions.stream().mapToInt(partition -> partition.replicas().size()).min().orElse(0),
        (int)
            partitions.stream()
                .filter(partition -> partition.leader() == null || partition.leader().isEmpty())
                .count(),
        (int)
            partitions.stream()
                .filter(partition -> partition.isr().size() < partition.replicas().size())
                .count(),
        settings.entries().stream()
            .filter(entry -> entry.value() != null)
            .collect(Collectors.toMap(ConfigEntry::name, ConfigEntry::value)));
  }

  /** Settings of brokers that ours must fit. */
  private void settings(Admin admin, Node broker) throws InterruptedException {
    String what = "broker settings";
    var resource = new ConfigResource(ConfigResource.Type.BROKER, broker.idString());
    try {
      Config settings = admin.describeConfigs(List.of(resource)).all().get().get(resource);
      List<String> wrong = new ArrayList<>();
      long transactionMs = config.transactionTimeout().toMillis();
      if (transactionMs > number(settings, "transaction.max.timeout.ms", Long.MAX_VALUE)) {
        wrong.add(
            "transaction.max.timeout.ms is below transaction-timeout " + transactionMs + " ms");
      }
      long sessionMs = config.sessionTimeout().toMillis();
      if (sessionMs < number(settings, "group.min.session.timeout.ms", 0)
          || sessionMs > number(settings, "group.max.session.timeout.ms", Long.MAX_VALUE)) {
        wrong.add(
            "session-timeout "
                + sessionMs
                + " ms is outside group.min.session.timeout.ms and group.max.session.timeout.ms");
      }
      checks.add(
          wrong.isEmpty()
              ? Check.ok(what, "transaction and session time-outs are within the brokers' bounds")
              : Check.problem(
                  what,
                  String.join("; ", wrong),
                  "change the brokers' bounds, or SPENDWATCH_KAFKA_TRANSACTION_TIMEOUT and"
                      + " SPENDWATCH_KAFKA_SESSION_TIMEOUT: no node can start so"));
    } catch (ExecutionException e) {
      checks.add(
          Check.couldNotLook(what, reason(e), "let this login DESCRIBE_CONFIGS of the cluster"));
    }
  }

  private static String reason(Exception e) {
    return String.valueOf(Retry.root(e).getMessage()).lines().findFirst().orElse("");
  }

  private static long number(Config settings, String name, long otherwise) {
    ConfigEntry entry = settings.get(name);
    return entry == null || entry.value() == null || !entry.value().matches("\\d{1,18}")
        ? otherwise
        : Long.parseLong(entry.value());
  }
}
