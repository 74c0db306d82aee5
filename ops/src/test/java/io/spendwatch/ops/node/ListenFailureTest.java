package io.spendwatch.ops.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.errors.OperatorException;
import java.net.BindException;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

class ListenFailureTest {
  private static final Duration START_TIMEOUT = Duration.ofSeconds(20);

  @Test
  void saysWhichPortIsTaken() {
    var taken = new CompletionException(new BindException("Address already in use"));
    assertThat(ListenFailure.ofHttp(taken, "0.0.0.0", 8080, START_TIMEOUT))
        .hasMessage("port 8080 is taken: the node cannot listen for HTTP on 0.0.0.0:8080")
        .hasCause(taken);
    assertThat(ListenFailure.ofCluster(taken, "7355", "10.0.0.1:7355", START_TIMEOUT))
        .isInstanceOf(OperatorException.class)
        .hasMessage("port 7355 is taken: the node cannot listen for the cluster on 10.0.0.1:7355");
  }

  @Test
  void asksForMoreTimeWhereABusyMachineHasNotBegun() {
    var late = new CompletionException(new TimeoutException("no answer"));
    assertThat(ListenFailure.ofHttp(late, "127.0.0.1", 8080, START_TIMEOUT))
        .hasMessageStartingWith("listening for HTTP has not begun after 20 s: ")
        .hasMessageContaining("SPENDWATCH_START_TIMEOUT");
    assertThat(
            ListenFailure.ofCluster(
                new IllegalStateException("bind timed out"), "7355", "any:7355", START_TIMEOUT))
        .isInstanceOf(OperatorException.class)
        .hasMessageStartingWith("listening for the cluster has not begun after 20 s: ");
  }

  @Test
  void leavesAFailureAsItIsThatHasNothingToDoWithThePort() {
    var failure = new IllegalStateException("no such serializer");
    assertThat(ListenFailure.ofCluster(failure, "7355", "any:7355", START_TIMEOUT))
        .isSameAs(failure);
  }
}
