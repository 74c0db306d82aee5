package io.spendwatch.streams.kafka;

import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.jspecify.annotations.Nullable;

/** An admin client of this node, which connects when first asked for. For any thread. */
final class LazyAdmin implements AutoCloseable {
  private final Map<String, Object> properties;

  private @Nullable Admin admin;
  private boolean closed;

  /**
   * @param purpose ends the client's name
   */
  LazyAdmin(KafkaConfig config, String purpose) {
    this.properties = config.adminProperties(purpose);
  }

  /**
   * The client, always the same.
   *
   * @throws IllegalStateException once it is closed
   */
  synchronized Admin get() {
    if (closed) {
      throw new IllegalStateException("closed");
    }
    if (admin == null) {
      admin = Admin.create(properties);
    }
    return admin;
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
