package io.spendwatch.ops.cluster;

import com.typesafe.config.Config;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.tls.RenewedTls;
import io.spendwatch.ops.tls.TlsFiles;
import io.spendwatch.streams.database.Statements;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.Done;
import org.apache.pekko.actor.BootstrapSetup;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.setup.ActorSystemSetup;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.JoinSeedNodes;
import org.apache.pekko.http.javadsl.ConnectionContext;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.ServerBinding;
import org.apache.pekko.http.javadsl.ServerBuilder;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.Uri;
import org.apache.pekko.http.javadsl.server.directives.RouteAdapter;
import org.apache.pekko.japi.function.Function;
import org.apache.pekko.management.cluster.bootstrap.ClusterBootstrap;
import org.apache.pekko.management.scaladsl.ManagementRouteProviderSettings;

/**
 * How a node comes into its cluster: by seed nodes, or by Cluster Bootstrap, which asks those that
 * a discovery method finds whether there is one, and forms one with them where there is none.
 *
 * <p>Nothing here blocks or fails because others are not there, the database included; {@link
 * #waitingFor()} says what is missing. Thread-safe.
 */
public final class Membership {
  private final Cluster cluster;
  private final Supplier<String> search;
  private final Supplier<CompletionStage<Done>> withdrawal;

  private Membership(
      ActorSystem<?> system, Supplier<String> search, Supplier<CompletionStage<Done>> withdrawal) {
    this.cluster = Cluster.get(system);
    this.search = search;
    this.withdrawal = withdrawal;
  }

  /** What the actor system of a node is made with. */
  public static ActorSystemSetup setup(ClusterConfig config, Config root, Statements database) {
    return ActorSystemSetup.create(
        BootstrapSetup.create(config.settings(root)), new SharedDatabase(database));
  }

  /**
   * Begins to look for the cluster.
   *
   * @param startedAt tells this life of the node from others under its id
   * @param http host and port at which it answers everybody
   * @throws OperatorException if the management port is taken
   */
  public static Membership start(
      ActorSystem<?> system,
      ClusterConfig config,
      String nodeId,
      Instant startedAt,
      String http,
      Statements database) {
    if (!config.seeds().isEmpty()) {
      Cluster.get(system).manager().tell(new JoinSeedNodes(config.seedAddresses(system.name())));
      return new Membership(
          system,
          () -> "no answer yet from its seed nodes " + String.join(", ", config.seeds()),
          () -> CompletableFuture.completedFuture(Done.done()));
    }
    Optional<RenewedTls> tls = tls(config);
    int port = answerOthers(system, config, tls);
    var entry =
        new NodesTable.Entry(
            nodeId,
            Cluster.get(system).selfMember().address().toString(),
            config.host(),
            port,
            startedAt,
            http);
    var registration = new Registration(new NodesTable(database), entry, config.registration());
    // After the first registration, so that the first look-up finds this node too.
    var _ =
        registration
            .start(system)
            .thenRunAsync(() -> ClusterBootstrap.get(system).start(), system.executionContext());
    ReportedDiscovery discovery = ReportedDiscovery.get(system.classicSystem());
    return new Membership(
        system,
        () -> "found by " + config.discovery() + ": " + discovery.outcome(),
        registration::withdraw);
  }

  /** What keeps the node from being a member of its cluster, for people; empty for one. */
  public Optional<String> waitingFor() {
    MemberStatus status = cluster.selfMember().status();
    if (status.equals(MemberStatus.removed())) {
      return Optional.of("the cluster (" + search.get() + ")");
    }
    return status.equals(MemberStatus.joining()) || status.equals(MemberStatus.weaklyUp())
        ? Optional.of("the cluster, which it is joining")
        : Optional.empty();
  }

  /** Stops being found. Others that look for the cluster must not count on a node that leaves. */
  public CompletionStage<Done> withdraw() {
    return withdrawal.get();
  }

  private static Optional<RenewedTls> tls(ClusterConfig config) {
    try {
      return Optional.of(config.tls())
          .filter(TlsFiles::isOn)
          .map(files -> RenewedTls.amongEquals(files, InstantSource.system()));
    } catch (IllegalArgumentException e) {
      throw new OperatorException("configuration: " + e.getMessage(), e);
    }
  }

  /** Cluster Bootstrap must know the port before it can answer: so the routes follow it. */
  private static int answerOthers(
      ActorSystem<?> system, ClusterConfig config, Optional<RenewedTls> tls) {
    var answers = new CompletableFuture<Function<HttpRequest, CompletionStage<HttpResponse>>>();
    Function<HttpRequest, CompletionStage<HttpResponse>> handler =
        request -> answers.thenCompose(answer -> apply(answer, request));
    ServerBuilder server =
        Http.get(system).newServerAt(config.listensAtHost(), config.managementPort());
    if (tls.isPresent()) {
      server = server.enableHttps(ConnectionContext.httpsServer(tls.get()::serverEngine));
      // Cluster Bootstrap asks with it, and nobody else without a context of its own.
      Http.get(system)
          .setDefaultClientHttpsContext(ConnectionContext.httpsClient(tls.get()::clientEngine));
    }
    ServerBinding binding;
    try {
      binding = server.bind(handler).toCompletableFuture().join();
    } catch (CompletionException e) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "port %d is taken: the node cannot listen for its cluster's questions on %s:%d",
              config.managementPort(),
              config.listensAtHost(),
              config.managementPort()),
          e);
    }
    int port = binding.localAddress().getPort();
    var routes =
        ClusterBootstrap.get(system)
            .routes(
                ManagementRouteProviderSettings.apply(
                    Uri.create(
                            (tls.isPresent() ? "https://" : "http://") + config.host() + ":" + port)
                        .asScala(),
                    true));
    answers.complete(RouteAdapter.asJava(routes).handler(system));
    CoordinatedShutdown.get(system)
        .addTask(
            CoordinatedShutdown.PhaseBeforeActorSystemTerminate(),
            "stop-answering-others",
            () -> binding.terminate(Duration.ofSeconds(1)).thenApply(_ -> Done.done()));
    return port;
  }

  private static CompletionStage<HttpResponse> apply(
      Function<HttpRequest, CompletionStage<HttpResponse>> answer, HttpRequest request) {
    try {
      return answer.apply(request);
    } catch (Exception e) {
      return CompletableFuture.failedFuture(e);
    }
  }
}
