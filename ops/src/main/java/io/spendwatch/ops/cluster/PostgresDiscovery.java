package io.spendwatch.ops.cluster;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.discovery.Lookup;
import org.apache.pekko.discovery.ServiceDiscovery;
import scala.Option;
import scala.concurrent.Future;
import scala.concurrent.duration.FiniteDuration;
import scala.jdk.javaapi.CollectionConverters;
import scala.jdk.javaapi.FutureConverters;

/**
 * Finds the other nodes in the database that all of them use: {@code pekko.discovery.postgres}.
 * Whatever is looked up, the answer is every node that has registered, this one included.
 */
public final class PostgresDiscovery extends ServiceDiscovery {
  private final NodesTable nodes;
  private final Duration expiry;

  /** Called by name. */
  public PostgresDiscovery(ExtendedActorSystem system) {
    this.nodes = new NodesTable(SharedDatabase.of(system));
    this.expiry = ClusterConfig.from(system.settings().config()).registration().expiry();
  }

  @Override
  public Future<Resolved> lookup(Lookup wanted, FiniteDuration timeout) {
    return FutureConverters.asScala(
        nodes
            .contactPoints(expiry)
            .thenApply(found -> resolved(wanted, found))
            .toCompletableFuture()
            .orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS));
  }

  private static Resolved resolved(Lookup wanted, List<NodesTable.ContactPoint> found) {
    List<ResolvedTarget> targets =
        found.stream()
            .map(
                point ->
                    new ResolvedTarget(
                        point.host(), Option.apply((Object) point.port()), Option.empty()))
            .toList();
    return new Resolved(wanted.serviceName(), CollectionConverters.asScala(targets).toList());
  }
}
