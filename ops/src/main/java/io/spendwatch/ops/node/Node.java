package io.spendwatch.ops.node;

import io.spendwatch.actors.address.PartitionSharding;
import io.spendwatch.actors.partition.PartitionActors;
import io.spendwatch.actors.partition.PartitionDependencies;
import io.spendwatch.actors.ports.QuestionPorts;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.analysis.AnalysisMetrics;
import io.spendwatch.ops.analysis.Replica;
import io.spendwatch.ops.analysis.ReplicaWatch;
import io.spendwatch.ops.analysis.Reports;
import io.spendwatch.ops.api.DashboardResource;
import io.spendwatch.ops.api.DocsResource;
import io.spendwatch.ops.api.Guard;
import io.spendwatch.ops.api.HttpApi;
import io.spendwatch.ops.api.HttpConfig;
import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.api.live.CheckResource;
import io.spendwatch.ops.api.live.EventsResource;
import io.spendwatch.ops.api.live.HealthResource;
import io.spendwatch.ops.api.live.MetricsResource;
import io.spendwatch.ops.api.live.PartitionsResource;
import io.spendwatch.ops.api.live.StatusResource;
import io.spendwatch.ops.api.live.TopResource;
import io.spendwatch.ops.api.live.UsersResource;
import io.spendwatch.ops.api.stored.AnalysisResource;
import io.spendwatch.ops.api.stored.ReconciliationsResource;
import io.spendwatch.ops.audit.AuditHistory;
import io.spendwatch.ops.audit.Reconciliation;
import io.spendwatch.ops.audit.ReconciliationJob;
import io.spendwatch.ops.audit.windows.AwakeWindows;
import io.spendwatch.ops.audit.windows.ClusterWindows;
import io.spendwatch.ops.cluster.ClusterConfig;
import io.spendwatch.ops.cluster.Membership;
import io.spendwatch.ops.config.ActorsConfig;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.events.Events;
import io.spendwatch.ops.logging.LogConfig;
import io.spendwatch.ops.logging.LogLevels;
import io.spendwatch.ops.metrics.Metrics;
import io.spendwatch.ops.questions.ClusterUsers;
import io.spendwatch.ops.questions.Gate;
import io.spendwatch.ops.questions.RecentTops;
import io.spendwatch.ops.questions.UserAnswers;
import io.spendwatch.ops.questions.UserDetails;
import io.spendwatch.ops.questions.Users;
import io.spendwatch.ops.rounds.RoundsJob;
import io.spendwatch.ops.rounds.RoundsWatch;
import io.spendwatch.ops.salesmetrics.SalesMetricsConfig;
import io.spendwatch.ops.salesmetrics.SalesMetricsJob;
import io.spendwatch.ops.salesmetrics.SalesMetricsPublisher;
import io.spendwatch.ops.status.ArchiveWatch;
import io.spendwatch.ops.status.NodeStatus;
import io.spendwatch.ops.status.OpenLosses;
import io.spendwatch.ops.storage.retention.OldRows;
import io.spendwatch.ops.storage.rollups.Rollups;
import io.spendwatch.ops.storage.rollups.RollupsJob;
import io.spendwatch.ops.storage.rollups.UserFeatures;
import io.spendwatch.ops.storage.tablepartitions.PartitionMaintenance;
import io.spendwatch.ops.storage.tablepartitions.PartitionsConfig;
import io.spendwatch.ops.storage.trail.OperatorTrail;
import io.spendwatch.ops.tls.RenewedTls;
import io.spendwatch.protocol.Partitioner;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.database.Statements;
import io.spendwatch.streams.ledger.GatheredAccounts;
import io.spendwatch.streams.ledger.PgAccounts;
import io.spendwatch.streams.ledger.PgHistory;
import io.spendwatch.streams.ledger.UnreadableRows;
import io.spendwatch.streams.pipeline.Pipelines;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.apache.pekko.Done;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.http.javadsl.ConnectionContext;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.ServerBinding;
import org.apache.pekko.http.javadsl.ServerBuilder;
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

  /** For the end of an audit that somebody has asked for; an idle connection is closed later. */
  private static final Duration RUN_PATIENCE = Duration.ofSeconds(10);

  private final ActorSystem<Void> system;
  private final int httpPort;
  private final StatusSource status;

  /** What cannot be mended but by a new process has ended. */
  private record PartDied(String what) implements CoordinatedShutdown.Reason {}

  private Node(ActorSystem<Void> system, int httpPort, StatusSource status) {
    this.system = system;
    this.httpPort = httpPort;
    this.status = status;
  }

  /**
   * Starts a node. Blocks until it listens.
   *
   * @throws OperatorException if a port is taken or a setting is wrong
   */
  public static Node start(Configuration configuration, InstantSource clock) {
    LogConfig.checkFormat();
    ClusterConfig cluster = configuration.cluster();
    checkDoors(configuration);
    ArchiveRounds.check(configuration);
    Database database = Database.open(configuration.streams().postgres());
    Database writes = Database.open(configuration.streams().writes());
    Database analytics = Database.open(configuration.analytics());
    Database auditing = Database.open(configuration.auditDatabase());
    Database questions = Database.open(configuration.questionsDatabase());
    Database rollups = Database.open(configuration.rollups().postgres());
    Optional<Database> replicas = configuration.replica().map(Database::open);
    PartitionsConfig partitions = configuration.partitions();
    Optional<Database> owners =
        partitions.retention().isPresent() || !configuration.retention().kept().isEmpty()
            ? Optional.of(Database.open(partitions.postgres()))
            : Optional.empty();
    List<Database> databases =
        Stream.of(
                Stream.of(database, writes, analytics, auditing, questions, rollups),
                owners.stream(),
                replicas.stream())
            .flatMap(some -> some)
            .toList();
    ActorSystem<Void> system = actorSystem(configuration, database, databases);
    var metrics = new Metrics(clock);
    var _ = system.getWhenTerminated().thenRun(metrics::close);
    try {
      String nodeId = configuration.streams().kafka().nodeId();
      var unreadable = new UnreadableRows();
      PartitionActors actors = actors(system, configuration, database, questions, unreadable);
      PartitionSharding sharding =
          PartitionSharding.start(
              system,
              actors,
              configuration.actors().allocationTimeout(),
              configuration.actors().gatherInterval());
      var status =
          new StatusSource(
              system,
              nodeId,
              configuration.streams().kafka().topics().transactions(),
              actors,
              sharding,
              unreadable,
              clock);
      metrics.process();
      metrics.watch(unreadable);
      databases.forEach(metrics::watch);
      var census = new Census(system, status);
      AwakeWindows windows =
          new ClusterWindows(system, sharding, configuration.actors().windowQueryTimeout());
      Partitioner partitioner = configuration.streams().kafka().partitioner();
      Users users =
          new ClusterUsers(
              system,
              sharding,
              partitioner,
              status::transactionsPartitions,
              configuration.questions().timeout());
      var userAnswers =
          new UserAnswers(
              users,
              new PgHistory(questions, unreadable),
              new UserDetails(questions),
              partitioner,
              status::transactionsPartitions,
              system.executionContext(),
              clock);
      var audits = new AuditHistory(analytics);
      var events =
          new Events(
              system,
              configuration.events(),
              configuration.streams(),
              census::take,
              Json::write,
              metrics.events(),
              clock);
      var audit =
          new ReconciliationJob(
              new Reconciliation(
                  auditing,
                  configuration.streams().kafka(),
                  configuration.audit(),
                  partitions.retention(),
                  windows,
                  clock),
              audits,
              metrics.audit(),
              configuration.audit().interval());
      AnalysisMetrics analysisMetrics = metrics.analysis(replicas.isPresent());
      var records = new StoredRecords(configuration, analytics);
      records.closeWith(system);
      int httpPort =
          listen(
              system,
              configuration,
              new HttpApi(
                  List.of(
                      new HealthResource(status::now),
                      new StatusResource(status::now, census::take),
                      new ReconciliationsResource(audits::recent, audit::runNow, RUN_PATIENCE),
                      records.users(),
                      records.alerts(),
                      records.deadLetters(),
                      new AnalysisResource(
                          new Reports(analytics, configuration.analysis().timeout())::answer,
                          analysisMetrics),
                      new EventsResource(events.hub()),
                      new PartitionsResource(status::transactionsPartitions, windows),
                      new UsersResource(
                          userAnswers::of, new Gate(configuration.questions().waitingMax())),
                      new CheckResource(
                          users,
                          new Gate(configuration.questions().waitingMax()),
                          configuration.questions(),
                          configuration.streams().pipeline(),
                          clock),
                      new TopResource(new RecentTops(users, clock)),
                      new MetricsResource(metrics::text),
                      new DocsResource(),
                      new DashboardResource()),
                  guard(configuration.http(), database, clock)),
              clock);
      String http = reachable(configuration.http().host() + ":" + httpPort, cluster);
      // Not before the port is ours: whose it is has this node id too.
      Membership membership =
          Membership.start(system, cluster, nodeId, status.startedAt(), http, database);
      Pipelines pipelines =
          Pipelines.start(
              system,
              configuration.streams(),
              database,
              writes,
              unreadable,
              actors,
              metrics.pipelines(configuration.streams().kafka().topics()),
              metrics.kafkaClients(),
              clock);
      status.started(http, membership, pipelines);
      endsWith(pipelines.died(), system);
      endsWith(events.died(), system);
      metrics.lostRecords(() -> pipelines.status().lostRecords());
      metrics.partitions(
          configuration.streams().kafka().topics().transactions(),
          () -> pipelines.status().partitions());
      var losses = new OpenLosses(database);
      status.losses(losses::last);
      Cancellable lossesLooked = losses.start(system);
      var archive = new ArchiveWatch(analytics);
      status.archived(archive::last);
      metrics.archive(archive::lastDaySeconds);
      Cancellable archiveLooked = archive.start(system);
      var retention =
          new PartitionMaintenance(
              database,
              owners.map(Statements.class::cast),
              partitions.retention(),
              partitions.merging(),
              clock,
              metrics.partitions());
      Cancellable keptPartitions =
          (ArchiveRounds.isOn(configuration) ? retention.withoutRemoval() : retention)
              .start(system, partitions.interval());
      var features = new UserFeatures(rollups, configuration.rollups().features());
      Optional<Cancellable> oldRows =
          owners.map(
              owner ->
                  new OldRows(owner, configuration.retention(), clock)
                      .start(system, partitions.interval()));
      List<Cancellable> keptRollups =
          new RollupsJob(
                  new Rollups(rollups, configuration.rollups().rowsAtOnce()),
                  features,
                  configuration.rollups(),
                  metrics.rollups(),
                  () -> pipelines.status().partitions(),
                  Timekeeper.real(clock))
              .start(system);
      Optional<Cancellable> salesMetrics =
          salesMetrics(system, configuration, rollups, metrics, clock);
      Optional<ReplicaWatch> replica =
          replicas.map(
              there ->
                  new ReplicaWatch(
                      new Replica(there, analytics),
                      configuration.analysis().replicaLagMax(),
                      analysisMetrics));
      replica.ifPresent(watch -> status.replica(watch::last));
      Optional<Cancellable> replicaWatched = replica.map(watch -> watch.start(system));
      status.audited(audit::last);
      Cancellable audited = audit.start(system);
      var rounds = new RoundsWatch(analytics, configuration.archive().rounds().every());
      status.rounds(rounds::last);
      metrics.rounds(rounds::completedSeconds);
      Cancellable roundsLooked = rounds.start(system);
      Optional<RoundsJob> archiving =
          ArchiveRounds.of(
              configuration,
              database,
              audit,
              features,
              partitions.retention().map(_ -> retention),
              clock);
      archiving.ifPresent(job -> ArchiveRounds.endWith(job, system));
      Optional<Cancellable> archivingRounds = archiving.map(job -> job.start(system));
      var deadLetters =
          new DeadLetterWatch(
              () -> pipelines.status().partitions(),
              metrics.deadLetterUsers()::takeAbove,
              configuration.deadLetters());
      status.deadLetters(deadLetters::floods);
      Cancellable deadLettersLooked = deadLetters.start(system);
      Optional<Cancellable> levels =
          configuration
              .log()
              .levelsFile()
              .map(file -> LogLevels.start(system, file, configuration.log()));
      Cancellable stateLog = StateLog.start(system, status);
      new Departure(system)
          .arrange(
              status,
              membership,
              events.hub(),
              pipelines,
              Stream.of(
                      Stream.of(
                          keptPartitions,
                          audited,
                          stateLog,
                          lossesLooked,
                          archiveLooked,
                          roundsLooked,
                          deadLettersLooked),
                      archivingRounds.stream(),
                      keptRollups.stream(),
                      salesMetrics.stream(),
                      oldRows.stream(),
                      replicaWatched.stream(),
                      levels.stream())
                  .flatMap(jobs -> jobs)
                  .toList(),
              databases);
      LOG.atInfo()
          .addKeyValue("node", nodeId)
          .addKeyValue("address", Cluster.get(system).selfMember().address())
          .addKeyValue("http", http)
          .log("Started");
      return new Node(system, httpPort, status);
    } catch (RuntimeException e) {
      system.terminate();
      databases.forEach(Database::close);
      throw e;
    }
  }

  private static Optional<Cancellable> salesMetrics(
      ActorSystem<?> system,
      Configuration configuration,
      Statements rollups,
      Metrics metrics,
      InstantSource clock) {
    SalesMetricsConfig config = configuration.salesMetrics();
    return config.isEnabled()
        ? Optional.of(
            new SalesMetricsJob(
                    new SalesMetricsPublisher(rollups, configuration.streams().kafka(), config),
                    config,
                    metrics.salesMetrics(),
                    Timekeeper.real(clock))
                .start(system))
        : Optional.empty();
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
    return system.getWhenTerminated();
  }

  /** Whether somebody wanted it to end: a signal, or {@link #stop()}. */
  public boolean toldToEnd() {
    return isReason(CoordinatedShutdown.jvmExitReason())
        || isReason(CoordinatedShutdown.actorSystemTerminateReason());
  }

  /** Why it ended without being told to, in one line for people. */
  public String whyItEnded() {
    if (isReason(CoordinatedShutdown.clusterDowningReason())) {
      return "the cluster has taken this node out, because it was out of reach: start it again";
    }
    if (isReason(CoordinatedShutdown.clusterJoinUnsuccessfulReason())) {
      return "the nodes of the cluster that was found have not let this one in: start it again";
    }
    if (isReason(CoordinatedShutdown.incompatibleConfigurationDetectedReason())) {
      return "the cluster does not take this node, whose settings of pekko.cluster are different:"
          + " its log says which";
    }
    return CoordinatedShutdown.get(system)
        .getShutdownReason()
        .filter(PartDied.class::isInstance)
        .map(reason -> ((PartDied) reason).what())
        .orElse("the node has ended by itself: its log says why");
  }

  private boolean isReason(CoordinatedShutdown.Reason reason) {
    return CoordinatedShutdown.get(system).getShutdownReason().filter(reason::equals).isPresent();
  }

  /** Drains and ends. */
  public CompletionStage<Done> stop() {
    return CoordinatedShutdown.get(system).runAll(CoordinatedShutdown.actorSystemTerminateReason());
  }

  private static ActorSystem<Void> actorSystem(
      Configuration configuration, Database database, List<Database> databases) {
    ClusterConfig cluster = configuration.cluster();
    try {
      return ActorSystem.create(
          Behaviors.empty(), SYSTEM, Membership.setup(cluster, configuration.raw(), database));
    } catch (RuntimeException e) {
      databases.forEach(Database::close);
      if (isTimeout(e)) {
        throw tooSlow("listening for the cluster", configuration.startTimeout(), e);
      }
      if (isBindFailure(e)) {
        throw new OperatorException(
            String.format(
                Locale.ROOT,
                "port %s is taken: the node cannot listen for the cluster on %s",
                cluster.bindPort().isEmpty() ? cluster.port() : cluster.bindPort(),
                cluster.listensAt()),
            e);
      }
      throw e;
    }
  }

  /** Who listens on all interfaces is reached by the name that the other nodes use. */
  private static String reachable(String http, ClusterConfig cluster) {
    return http.replaceFirst("^(0\\.0\\.0\\.0|::|\\[::])(?=:\\d+$)", cluster.host());
  }

  private static void endsWith(CompletionStage<String> died, ActorSystem<?> system) {
    var _ =
        died.thenAccept(
            what -> {
              var _ = CoordinatedShutdown.get(system).runAll(new PartDied(what));
            });
  }

  private static boolean isBindFailure(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof java.net.BindException
          || cause instanceof org.apache.pekko.remote.RemoteTransportException) {
        return true;
      }
    }
    return false;
  }

  private static PartitionActors actors(
      ActorSystem<?> system,
      Configuration configuration,
      Database database,
      Database questions,
      UnreadableRows unreadable) {
    ActorsConfig actors = configuration.actors();
    return new PartitionActors(
        system,
        new PartitionDependencies(
            configuration.streams().kafka().topics().transactions(),
            actors.awakeUsersMax(),
            MemoryShare.bytes(
                "spendwatch.actors.awake-memory-max",
                actors.awakeMemoryMax(),
                Runtime.getRuntime().maxMemory()),
            actors.restoreUsersMax(),
            actors.changedAccountsMax(),
            actors.watchedUsersMax(),
            actors.windowQueriesMax(),
            actors.balanceVersionsMax(),
            actors.clearGrace().toMillis(),
            new PgAccounts(database, unreadable),
            new PgHistory(database, unreadable)),
        new QuestionPorts(
            configuration.questions().partitionWaitingMax(),
            new GatheredAccounts(
                new PgAccounts(questions, unreadable),
                configuration.questionsDatabase().poolSize()),
            new PgHistory(questions, unreadable)));
  }

  /** Not what a busy machine is to be told: that somebody else has the port. */
  private static boolean isTimeout(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof TimeoutException
          || String.valueOf(cause.getMessage()).contains("timed out")) {
        return true;
      }
    }
    return false;
  }

  private static OperatorException tooSlow(String what, Duration after, Throwable cause) {
    return new OperatorException(
        String.format(
            Locale.ROOT,
            "%s has not begun after %d s: on a busy machine set SPENDWATCH_START_TIMEOUT to more",
            what,
            after.toSeconds()),
        cause);
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

  /**
   * What stands between the resources and whoever asks.
   *
   * @throws OperatorException if a file is no good
   */
  private static Guard guard(HttpConfig http, Database database, InstantSource clock) {
    var trail = new OperatorTrail(database);
    try {
      return new Guard(
          http.access().callers(clock),
          http.names(),
          (caller, from, what, status) -> {
            var _ = trail.note(caller.name(), from, what, Integer.toString(status));
          },
          clock);
    } catch (IllegalArgumentException e) {
      throw new OperatorException("configuration: " + e.getMessage(), e);
    }
  }

  private static ServerBuilder server(ActorSystem<?> system, HttpConfig http, InstantSource clock) {
    ServerBuilder server = Http.get(system).newServerAt(http.host(), http.port());
    if (!http.tls().isOn()) {
      return server;
    }
    try {
      RenewedTls tls = RenewedTls.of(http.tls(), clock);
      return server.enableHttps(ConnectionContext.httpsServer(tls::serverEngine));
    } catch (IllegalArgumentException e) {
      throw new OperatorException("configuration: " + e.getMessage(), e);
    }
  }

  private static int listen(
      ActorSystem<?> system, Configuration configuration, HttpApi api, InstantSource clock) {
    HttpConfig http = configuration.http();
    ServerBuilder server = server(system, http, clock);
    try {
      ServerBinding binding = server.bindFlow(api.connections(system)).toCompletableFuture().join();
      // Until the last: whoever asks meanwhile is told that the node drains.
      CoordinatedShutdown.get(system)
          .addTask(
              CoordinatedShutdown.PhaseBeforeActorSystemTerminate(),
              "stop-listening",
              () -> binding.unbind());
      return binding.localAddress().getPort();
    } catch (CompletionException e) {
      if (isTimeout(e)) {
        throw tooSlow("listening for HTTP", configuration.startTimeout(), e);
      }
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "port %d is taken: the node cannot listen for HTTP on %s:%d",
              http.port(),
              http.host(),
              http.port()),
          e);
    }
  }
}
