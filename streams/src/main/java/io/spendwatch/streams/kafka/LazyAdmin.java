package io.spendwatch.streams.kafka;

import io.spendwatch.streams.base.Retry;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.errors.AuthenticationException;
import org.jspecify.annotations.Nullable;

/**
 * An admin client of this node, which connects when first asked. For any thread.
 *
 * <p>Who was refused is asked nothing more: where the brokers did not let it in while it asked who
 * they are, Kafka's client answers everything with that by itself, until it asks them again for
 * another reason, five minutes later. A new one shows what its files have by then.
 */
final class LazyAdmin implements AutoCloseable {
  private final Supplier<Admin> clients;

  private @Nullable Admin admin;
  private boolean closed;

  /**
   * @param purpose ends the client's name
   */
  LazyAdmin(KafkaConfig config, String purpose) {
    this(clients(config.adminProperties(purpose)));
  }

  LazyAdmin(Supplier<Admin> clients) {
    this.clients = clients;
  }

  private static Supplier<Admin> clients(Map<String, Object> properties) {
    return () -> Admin.create(properties);
  }

  /**
   * Asks, and never throws.
   *
   * @return completes on the client's thread; fails once this is closed, too
   */
  <T> CompletionStage<T> ask(Function<Admin, CompletionStage<T>> question) {
    Admin asked;
    CompletionStage<T> answer;
    try {
      asked = get();
      answer = question.apply(asked);
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
    return answer.whenComplete(
        (_, failure) -> {
          if (failure != null && Retry.cause(failure) instanceof AuthenticationException) {
            letGo(asked);
          }
        });
  }

  private synchronized Admin get() {
    if (closed) {
      throw new IllegalStateException("closed");
    }
    if (admin == null) {
      admin = clients.get();
    }
    return admin;
  }

  private synchronized void letGo(Admin refused) {
    if (refused.equals(admin)) {
      admin = null;
      refused.close(Duration.ZERO);
    }
  }

  /** Does not wait for what is asked; that fails. */
  @Override
  public synchronized void close() {
    closed = true;
    if (admin != null) {
      admin.close(Duration.ZERO);
    }
  }
}
