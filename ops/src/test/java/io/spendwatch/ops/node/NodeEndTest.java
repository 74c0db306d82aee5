package io.spendwatch.ops.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.PostStop;
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

  @Test
  void ends_whereTheActorSystemDoesNotTerminate() throws Exception {
    var letGo = new CountDownLatch(1);
    var stopping = new CountDownLatch(1);
    ActorSystem<Void> held =
        ActorSystem.create(
            Behaviors.receive(Void.class)
                .onSignal(
                    PostStop.class,
                    _ -> {
                      stopping.countDown();
                      letGo.await();
                      return Behaviors.same();
                    })
                .build(),
            "held",
            ConfigFactory.parseString(
                    "pekko.coordinated-shutdown.phases.actor-system-terminate.timeout = 200 ms")
                .withFallback(system.settings().config()));
    try {
      var endOfHeld = new NodeEnd(held);
      var _ = endOfHeld.stop();
      var _ = endOfHeld.ended().toCompletableFuture().get(30, TimeUnit.SECONDS);
      assertThat(stopping.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(held.getWhenTerminated().toCompletableFuture()).isNotDone();
      assertThat(endOfHeld.wasToldTo()).isTrue();
    } finally {
      letGo.countDown();
    }
    var _ = held.getWhenTerminated().toCompletableFuture().get(30, TimeUnit.SECONDS);
  }

  private void awaitEnd() throws Exception {
    var _ = end.ended().toCompletableFuture().get(30, TimeUnit.SECONDS);
    assertThat(system.getWhenTerminated().toCompletableFuture()).isDone();
  }
}
