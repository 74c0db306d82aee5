package io.spendwatch.ops.node;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.api.Guard;
import io.spendwatch.ops.api.HttpApi;
import io.spendwatch.ops.api.HttpConfig;
import io.spendwatch.ops.api.answers.Resource;
import io.spendwatch.ops.storage.trail.OperatorTrail;
import io.spendwatch.ops.tls.RenewedTls;
import io.spendwatch.streams.database.Database;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.ConnectionContext;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.ServerBinding;
import org.apache.pekko.http.javadsl.ServerBuilder;

/** A node's door for HTTP: its port, its TLS, and who guards it. Thread-safe. */
final class HttpListener {
  private final HttpConfig http;
  private final Duration startTimeout;
  private final InstantSource clock;

  HttpListener(HttpConfig http, Duration startTimeout, InstantSource clock) {
    this.http = http;
    this.startTimeout = startTimeout;
    this.clock = clock;
  }

  /**
   * Listens from now on, until the actor system ends. Blocks until then.
   *
   * @param database notes what operators do
   * @return the port
   * @throws OperatorException if the port is taken, or a file of a setting is no good
   */
  int listen(ActorSystem<?> system, List<Resource> resources, Database database) {
    var api = new HttpApi(resources, guard(database));
    ServerBuilder server = server(system);
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
      throw ListenFailure.ofHttp(e, http.host(), http.port(), startTimeout);
    }
  }

  /** What stands between the resources and whoever asks. */
  private Guard guard(Database database) {
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

  private ServerBuilder server(ActorSystem<?> system) {
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

  /**
   * Host and port at which other nodes reach one that listens here: if on all interfaces, by the
   * name that they use in the cluster.
   */
  static String reachableAt(String host, int port, String clusterHost) {
    return (host + ":" + port).replaceFirst("^(0\\.0\\.0\\.0|::|\\[::])(?=:\\d+$)", clusterHost);
  }
}
