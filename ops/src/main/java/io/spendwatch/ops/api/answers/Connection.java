package io.spendwatch.ops.api.answers;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.http.javadsl.model.AttributeKey;
import org.apache.pekko.http.javadsl.model.HttpRequest;

/**
 * A client's connection, which each of its requests knows, so that work for who is gone can be
 * given up. Thread-safe.
 */
public final class Connection {
  private static final AttributeKey<Connection> KEY =
      AttributeKey.create("connection", Connection.class);

  private final CompletableFuture<Done> closed = new CompletableFuture<>();

  /** The client has closed it, its sending half at least, or it is broken. */
  public void close() {
    closed.complete(Done.done());
  }

  /** The request, with which {@link #closed(HttpRequest)} can be asked. */
  public HttpRequest add(HttpRequest request) {
    return request.addAttribute(KEY, this);
  }

  /** Completes when nobody waits for the answer any more; never where that is not watched. */
  public static CompletionStage<Done> closed(HttpRequest request) {
    return request.getAttribute(KEY).map(there -> there.closed).orElseGet(CompletableFuture::new);
  }
}
