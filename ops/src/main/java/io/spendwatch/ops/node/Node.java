package io.spendwatch.ops.node;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.analysis.AnalysisMetrics;
import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.audit.AuditHistory;
import io.spendwatch.ops.audit.Reconciliation;
import io.spendwatch.ops.audit.ReconciliationJob;
import io.spendwatch.ops.audit.windows.AwakeWindows;
import io.spendwatch.ops.audit.windows.ClusterWindows;
import io.spendwatch.ops.cluster.ClusterConfig;
import io.spendwatch.ops.cluster.Membership;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.events.Events;
import io.spendwatch.ops.logging.LogConfig;
import io.spendwatch.ops.metrics.Metrics;
import io.spendwatch.ops.status.NodeStatus;
import io.spendwatch.streams.kafka.KafkaConfig;
import io.spendwatch.streams.ledger.UnreadableRows;
import io.spendwatch.streams.pipeline.Pipelines;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.typed.Cluster;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node: actor system, sharded partition actors, pipelines, HTTP.
 *
 * <p>It starts whether Kafka and PostgreSQL are there or not, waits for them, and says so in its
 * status. It ends with the actor system, by {@link #stop()} or when the JVM is told to end: first
 * the pipelines drain, then the cluster learns that the node leaves, then connections close. Each
 * step is bounded by its phase of {@code pekko.coordinated-shutdown}. Thread-safe.
 */
public final class Node {
  private static final Logger LOG = LoggerFactory.getLogger(Node.class);
  private static final String SYSTEM = "spendwatch";

  private final int httpPort;
  private final StatusSource status;
  private final NodeEnd end;

  private Node(int httpPort, StatusSource status, NodeEnd end) {
    this.httpPort = httpPort;
    this.status = status;
    this.end = end;
  }

  /**
   * Starts a node. Blocks until it listens.
   *
   * @throws OperatorException if a port is taken or a setting is wrong
   */
  public static Node start(Configuration configuration, InstantSource clock) {
    LogConfig.checkFormat();
    checkDoors(configuration);
    ArchiveRounds.check(configuration);
    NodeDatabases databases = NodeDatabases.open(configuration);
    ActorSystem<Void> system = actorSystem(configuration, databases);
    var metrics = new Metrics(clock);
    var _ = system.getWhenTerminated().thenRun(metrics::close);
    try {
      return start(new Foundation(system, configuration, databases, metrics, clock));
    } catch (RuntimeException e) {
      system.terminate();
      databases.close();
      throw e;
    }
  }

  private static Node start(Foundation on) {
    ActorSystem<Void> system = on.system();
    Configuration configuration = on.configuration();
    NodeDatabases databases = on.databases();
    Metrics metrics = on.metrics();
    KafkaConfig kafka = configuration.streams().kafka();
    String transactions = kafka.topics().transactions();
    var unreadable = new UnreadableRows();
    NodeActors actors = NodeActors.start(on, unreadable);
    var status =
        new StatusSource(
            system,
            kafka.nodeId(),
            transactions,
            actors.partitions(),
            actors.sharding(),
            unreadable,
            on.clock());
    metrics.process();
    metrics.watch(unreadable);
    databases.all().forEach(metrics::watch);
    var census = new Census(system, status);
    AwakeWindows windows =
        new ClusterWindows(system, actors.sharding(), configuration.actors().windowQueryTimeout());
    var events =
        new Events(
            system,
            configuration.events(),
            configuration.streams(),
            census::take,
            Json::write,
            metrics.events(),
            on.clock());
    var audits = new AuditHistory(databases.analytics());
    ReconciliationJob audit = audit(on, windows, audits);
    AnalysisMetrics analysis = metrics.analysis(databases.replica().isPresent());
    int httpPort =
        new HttpListener(configuration.http(), configuration.startTimeout(), on.clock())
            .listen(
                system,
                new NodeApi(on, actors.sharding(), unreadable, status, census)
                    .resources(audit, audits, windows, events.hub(), analysis),
                databases.shared());
    ClusterConfig cluster = configuration.cluster();
    String http = HttpListener.reachableAt(configuration.http().host(), httpPort, cluster.host());
    // Not before the port is ours: whose it is has this node id too.
    Membership membership =
        Membership.start(
            system, cluster, kafka.nodeId(), status.startedAt(), http, databases.shared());
    Pipelines pipelines =
        Pipelines.start(
            system,
            configuration.streams(),
            databases.shared(),
            databases.writes(),
            unreadable,
            actors.partitions(),
            metrics.pipelines(kafka.topics()),
            metrics.kafkaClients(),
            on.clock());
    status.started(http, membership, pipelines);
    var end = new NodeEnd(system);
    end.with(pipelines.died());
    end.with(events.died());
    metrics.lostRecords(() -> pipelines.status().lostRecords());
    metrics.partitions(transactions, () -> pipelines.status().partitions());
    List<Cancellable> jobs = new NodeJobs(on, status, pipelines).start(audit, analysis);
    new Departure(system)
        .arrange(status, membership, events.hub(), pipelines, jobs, databases.all());
    LOG.atInfo()
        .addKeyValue("node", kafka.nodeId())
        .addKeyValue("address", Cluster.get(system).selfMember().address())
        .addKeyValue("http", http)
        .log("Started");
    return new Node(httpPort, status, end);
  }

  private static ReconciliationJob audit(Foundation on, AwakeWindows windows, AuditHistory audits) {
    Configuration configuration = on.configuration();
    return new ReconciliationJob(
        new Reconciliation(
            on.databases().auditing(),
            configuration.streams().kafka(),
            configuration.audit(),
            configuration.partitions().retention(),
            windows,
            on.clock()),
        audits,
        on.metrics().audit(),
        configuration.audit().interval());
  }

  private static ActorSystem<Void> actorSystem(
      Configuration configuration, NodeDatabases databases) {
    ClusterConfig cluster = configuration.cluster();
    try {
      return ActorSystem.create(
          Behaviors.empty(),
          SYSTEM,
          Membership.setup(cluster, configuration.raw(), databases.shared()));
    } catch (RuntimeException e) {
      databases.close();
      throw ListenFailure.ofCluster(
          e,
          cluster.bindPort().isEmpty() ? String.valueOf(cluster.port()) : cluster.bindPort(),
          cluster.listensAt(),
          configuration.startTimeout());
    }
  }

  /**
   * Before anything is opened.
   *
   * @throws OperatorException if other machines would come in unasked
   */
  private static void checkDoors(Configuration configuration) {
    try {
      configuration.http().checkDoors();
      configuration.cluster().checkDoors();
    } catch (IllegalArgumentException e) {
      throw new OperatorException("configuration: " + e.getMessage(), e);
    }
  }

  /** The port that HTTP listens on. */
  public int httpPort() {
    return httpPort;
  }

  /** How it is, now. Cheap. */
  public NodeStatus status() {
    return status.now();
  }

  /** Completes when the node has ended, for whatever reason. */
  public CompletionStage<Done> ended() {
    return end.ended();
  }

  /** Whether somebody wanted it to end: a signal, or {@link #stop()}. */
  public boolean toldToEnd() {
    return end.wasToldTo();
  }

  /** Why it ended without being told to, in one line for people. */
  public String whyItEnded() {
    return end.why();
  }

  /** Drains and ends. */
  public CompletionStage<Done> stop() {
    return end.stop();
  }
}
