package io.spendwatch.ops.cluster;

import io.spendwatch.streams.base.Retry;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.discovery.Discovery;
import org.apache.pekko.discovery.Lookup;
import org.apache.pekko.discovery.ServiceDiscovery;
import scala.concurrent.Future;
import scala.concurrent.Future$;
import scala.concurrent.duration.FiniteDuration;

/**
 * The configured discovery method, and what came of its last look-up: {@code
 * pekko.discovery.reported}. Who waits for a cluster should be told why.
 */
public final class ReportedDiscovery extends ServiceDiscovery {
  private static final String NAME = "reported";

  private final ExtendedActorSystem system;
  private volatile String outcome = "nothing yet";

  /** Called by name. */
  public ReportedDiscovery(ExtendedActorSystem system) {
    this.system = system;
  }

  static ReportedDiscovery get(ActorSystem system) {
    return (ReportedDiscovery) Discovery.get(system).loadServiceDiscovery(NAME);
  }

  /** What the last look-up found, or why it failed; for people. */
  String outcome() {
    return outcome;
  }

  @Override
  public Future<Resolved> lookup(Lookup wanted, FiniteDuration timeout) {
    Future<Resolved> answer;
    try {
      answer = Discovery.get(system).discovery().lookup(wanted, timeout);
    } catch (Exception e) {
      // Checked ones too, which Scala does not declare. Cluster Bootstrap would not survive them.
      answer = Future$.MODULE$.failed(e);
    }
    answer.onComplete(
        result -> {
          outcome =
              result.isSuccess()
                  ? found(result.get().getAddresses())
                  : because(Retry.cause(result.failed().get()), timeout);
          return null;
        },
        system.dispatcher());
    return answer;
  }

  private static String found(List<ResolvedTarget> targets) {
    return targets.isEmpty()
        ? "nobody"
        : targets.stream()
            .map(target -> target.host() + target.getPort().map(port -> ":" + port).orElse(""))
            .sorted()
            .collect(Collectors.joining(", "));
  }

  private static String because(Throwable failure, FiniteDuration timeout) {
    return switch (failure) {
      case TimeoutException _ -> "no answer within " + timeout.toMillis() + " ms";
      // A file's name alone would be the message of one that is missing.
      case IOException io -> io.toString();
      case Throwable other when other.getMessage() == null -> other.toString();
      case Throwable other -> other.getMessage();
    };
  }
}
