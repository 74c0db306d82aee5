package io.spendwatch.streams.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

class LazyAdminTest {
  private final List<Admin> made = new ArrayList<>();
  private final List<Admin> closed = new ArrayList<>();
  private final LazyAdmin lazy = new LazyAdmin(this::make);

  /** Nobody asks it anything here. */
  private Admin make() {
    Admin client =
        (Admin)
            Proxy.newProxyInstance(
                Admin.class.getClassLoader(),
                new Class<?>[] {Admin.class},
                (proxy, method, arguments) ->
                    switch (method.getName()) {
                      case "equals" ->
                          System.identityHashCode(proxy) == System.identityHashCode(arguments[0]);
                      case "hashCode" -> System.identityHashCode(proxy);
                      case "close" -> {
                        closed.add((Admin) proxy);
                        yield null;
                      }
                      default -> throw new UnsupportedOperationException(method.getName());
                    });
    made.add(client);
    return client;
  }

  private static void ask(LazyAdmin lazy, CompletionStage<String> answer) {
    var _ = lazy.ask(_ -> answer);
  }

  @Test
  void connectsWhenItIsAskedAndStaysConnected() {
    assertThat(made).isEmpty();
    assertThat(lazy.ask(_ -> CompletableFuture.completedFuture("it"))).isCompletedWithValue("it");
    ask(lazy, CompletableFuture.failedFuture(new TimeoutException("too late")));
    ask(lazy, CompletableFuture.completedFuture("it"));
    assertThat(made).hasSize(1);
    assertThat(closed).isEmpty();
  }

  @Test
  void whoWasRefusedIsAskedNothingMore() {
    var first = new CompletableFuture<String>();
    var second = new CompletableFuture<String>();
    ask(lazy, first);
    ask(lazy, second);
    first.completeExceptionally(new SaslAuthenticationException("another password"));
    assertThat(closed).containsExactly(made.getFirst());
    ask(lazy, CompletableFuture.completedFuture("it"));
    assertThat(made).hasSize(2);

    // What the first one says afterwards is not the second one's fault.
    second.completeExceptionally(new SaslAuthenticationException("another password"));
    assertThat(closed).hasSize(1);
    ask(lazy, CompletableFuture.completedFuture("it"));
    assertThat(made).hasSize(2);
  }

  @Test
  void aClosedOneFails() {
    ask(lazy, CompletableFuture.completedFuture("it"));
    lazy.close();
    assertThat(closed).hasSize(1);
    assertThatThrownBy(
            () ->
                lazy.ask(_ -> CompletableFuture.completedFuture("it")).toCompletableFuture().join())
        .hasCauseInstanceOf(IllegalStateException.class);
    assertThat(made).hasSize(1);
  }
}
