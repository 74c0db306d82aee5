package io.spendwatch.ops.status;

import io.spendwatch.ops.errors.OperatorException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * Asks a node for its status. It is the JDK's elder client: the younger one sets up TLS and threads
 * of its own for any request. Blocks; stateless.
 */
public final class StatusClient {
  private static final int PART_BYTES = 8192;

  /**
   * An answer.
   *
   * @param document JSON, as it came
   * @param dateMs the node's clock when it answered, by the second, milliseconds since the epoch; 0
   *     where it did not say
   */
  public record Answer(String document, long dateMs) {}

  private StatusClient() {}

  /**
   * Asks.
   *
   * @param node {@code http://host:port}
   * @param path with the query
   * @param timeout for the whole answer
   * @return empty where nobody listens
   * @throws OperatorException if the answer is late, or none of a node's
   * @throws IllegalArgumentException if this is no HTTP address
   */
  public static Optional<Answer> ask(URI node, String path, Duration timeout) {
    long endNanos = System.nanoTime() + timeout.toNanos();
    HttpURLConnection connection = open(node, path);
    try {
      connection.setConnectTimeout(timeoutMs(timeout));
      // For each part of the answer; once connected it would be too late to say so.
      connection.setReadTimeout(timeoutMs(timeout));
      connection.setInstanceFollowRedirects(false);
      connection.connect();
    } catch (IOException e) {
      return Optional.empty();
    }
    try {
      int status = connection.getResponseCode();
      if (status != HttpURLConnection.HTTP_OK) {
        throw new OperatorException(
            String.format(
                Locale.ROOT,
                "what answers at %s is no Spendwatch node (HTTP status %d)",
                node,
                status));
      }
      return Optional.of(new Answer(read(connection, endNanos), connection.getDate()));
    } catch (SocketTimeoutException e) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "the node at %s is slow: it is there, but has not answered after %d ms (--timeout)",
              node,
              timeout.toMillis()),
          e);
    } catch (IOException e) {
      throw new OperatorException(
          "no node answers at " + node + ": " + (e.getMessage() == null ? e : e.getMessage()), e);
    } finally {
      connection.disconnect();
    }
  }

  private static HttpURLConnection open(URI node, String path) {
    try {
      if (node.resolve(path).toURL().openConnection() instanceof HttpURLConnection connection) {
        return connection;
      }
    } catch (IOException e) {
      throw new IllegalArgumentException(node + ": " + e.getMessage(), e);
    }
    throw new IllegalArgumentException(node + " (expected: http://host:port)");
  }

  /** The whole answer, unless it goes on to come after the end. */
  private static String read(HttpURLConnection connection, long endNanos) throws IOException {
    var document = new ByteArrayOutputStream();
    byte[] part = new byte[PART_BYTES];
    try (InputStream in = connection.getInputStream()) {
      for (int bytes = in.read(part); bytes >= 0; bytes = in.read(part)) {
        document.write(part, 0, bytes);
        if (System.nanoTime() > endNanos) {
          throw new SocketTimeoutException();
        }
      }
    }
    return document.toString(StandardCharsets.UTF_8);
  }

  /** At least 1: with 0 it would be waited for without end. */
  private static int timeoutMs(Duration timeout) {
    return (int) Math.clamp(timeout.toMillis(), 1L, Integer.MAX_VALUE);
  }
}
