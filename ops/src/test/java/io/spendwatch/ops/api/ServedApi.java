package io.spendwatch.ops.api;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.spendwatch.ops.api.answers.Resource;
import java.net.URI;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.ServerBinding;

/**
 * Resources behind a server of their own, with the settings that a node's has. Close it at the end.
 */
public record ServedApi(ActorTestKit kit, URI server) implements AutoCloseable {

  public static ServedApi of(List<? extends Resource> resources) throws Exception {
    return of(
        resources,
        new Guard(Optional.empty(), Set.of(), (_, _, _, _) -> {}, InstantSource.system()));
  }

  /** With this guard before them. */
  public static ServedApi of(List<? extends Resource> resources, Guard guard) throws Exception {
    ActorTestKit kit =
        ActorTestKit.create(
            settings()
                .getConfig("pekko.http")
                .atPath("pekko.http")
                .withFallback(ConfigFactory.load()));
    ServerBinding binding =
        Http.get(kit.system())
            .newServerAt("127.0.0.1", 0)
            .bindFlow(new HttpApi(List.copyOf(resources), guard).connections(kit.system()))
            .toCompletableFuture()
            .get(10, TimeUnit.SECONDS);
    return new ServedApi(kit, URI.create("http://127.0.0.1:" + binding.localAddress().getPort()));
  }

  /** Ours, where nobody has said anything else. */
  static Config settings() {
    return ConfigFactory.parseResources("spendwatch.conf")
        .withFallback(ConfigFactory.defaultReferenceUnresolved())
        .resolve();
  }

  @Override
  public void close() {
    kit.shutdownTestKit();
  }
}
