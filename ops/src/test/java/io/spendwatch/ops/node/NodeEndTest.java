package io.spendwatch.ops.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class NodeEndTest {
  private final ActorSystem<Void> system =
      ActorSystem.create(
          Behaviors.empty(),
          "node-end",
          ConfigFactory.parseString("pekko.actor.provider = local")
              .withFallback(ConfigFactory.defaultReference()));
  private final NodeEnd end = new NodeEnd(system);

  @AfterEach
  void terminate() {
    system.terminate();
  }

  @Test
  void endsTheNodeWhenAPartHasDiedAndSaysWhich() throws Exception {
    var died = new CompletableFuture<String>();
    end.with(died);
    died.complete("the thread that reads Kafka has died");
    awaitEnd();
    assertThat(end.wasToldTo()).isFalse();
    assertThat(end.why()).isEqualTo("the thread that reads Kafka has died");
  }

  @Test
  void wasToldTo_whenItIsStopped() throws Exception {
    var _ = end.stop();
    awaitEnd();
    assertThat(end.wasToldTo()).isTrue();
  }

  @Test
  void knowsWhenTheClusterHasTakenItOut() throws Exception {
    var _ = CoordinatedShutdown.get(system).runAll(CoordinatedShutdown.clusterDowningReason());
    awaitEnd();
    assertThat(end.wasToldTo()).isFalse();
    assertThat(end.why()).startsWith("the cluster has taken this node out");
  }

  private void awaitEnd() throws Exception {
    var _ = system.getWhenTerminated().toCompletableFuture().get(30, TimeUnit.SECONDS);
  }
}
