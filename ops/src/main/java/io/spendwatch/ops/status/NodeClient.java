package io.spendwatch.ops.status;

import io.spendwatch.errors.OperatorException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLException;

/**
 * Asks a node over HTTP. It is the JDK's elder client: the younger one sets up TLS and threads of
 * its own for any request. Blocks until the answer is there; stateless.
 */
public final class NodeClient {
  private static final int PART_BYTES = 8192;
  private static final int ANSWER_BYTES_MAX = 16 * 1024 * 1024;

  /**
   * An answer.
   *
   * @param status HTTP's
   * @param body JSON, as it came; empty for none
   * @param dateMs the node's clock when it answered, by the second, milliseconds since the epoch; 0
   *     where it did not say
   */
  public record Answer(int status, String body, long dateMs) {
    /** Whether it is what was asked for. */
    public boolean isOk() {
      return status == HttpURLConnection.HTTP_OK;
    }

    /** Whether there is no such thing. */
    public boolean isNotFound() {
      return status == HttpURLConnection.HTTP_NOT_FOUND;
    }

    /**
     * What was asked for, of a resource that every node has.
     *
     * @throws OperatorException if it is anything else
     */
    public String document(URI node) {
      if (status == HttpURLConnection.HTTP_FORBIDDEN) {
        throw new OperatorException(
            "the node at " + node + " does not let this token's role ask for it");
      }
      if (!isOk()) {
        throw new OperatorException(
            String.format(
                Locale.ROOT,
                "what answers at %s is no Spendwatch node (HTTP status %d)",
                node,
                status));
      }
      return body;
    }
  }

  private NodeClient() {}

  /**
   * Asks for a document.
   *
   * @param node {@code http://host:port}, or {@code https}
   * @param login what is shown to the node, and whom it may be
   * @param path with the query
   * @param timeout for the whole answer
   * @return empty where nobody listens
   * @throws OperatorException if the answer is late, or none of a node's
   * @throws IllegalArgumentException if this is no HTTP address
   */
  public static Optional<Answer> get(URI node, NodeLogin login, String path, Duration timeout) {
    return ask(node, login, "GET", path, null, Map.of(), timeout);
  }

  /** Posts a JSON document; the rest is that of {@link #get}. */
  public static Optional<Answer> post(
      URI node,
      NodeLogin login,
      String path,
      String json,
      Map<String, String> headers,
      Duration timeout) {
    return ask(node, login, "POST", path, json, headers, timeout);
  }

  private static Optional<Answer> ask(
      URI node,
      NodeLogin login,
      String method,
      String path,
      String json,
      Map<String, String> headers,
      Duration timeout) {
    long endNanos = System.nanoTime() + timeout.toNanos();
    HttpURLConnection connection = open(node, path);
    try {
      connection.setConnectTimeout(timeoutMs(timeout));
      // For each part of the answer; once connected it would be too late to say so.
      connection.setReadTimeout(timeoutMs(timeout));
      connection.setInstanceFollowRedirects(false);
      connection.setRequestMethod(method);
      headers.forEach(connection::setRequestProperty);
      login
          .authorization()
          .ifPresent(shown -> connection.setRequestProperty("Authorization", shown));
      if (connection instanceof HttpsURLConnection encrypted) {
        login.tls().ifPresent(tls -> encrypted.setSSLSocketFactory(tls.getSocketFactory()));
      }
      if (json != null) {
        connection.setDoOutput(true);
        connection.setRequestProperty("Content-Type", "application/json");
      }
      connection.connect();
    } catch (SSLException e) {
      throw new OperatorException(
          "what answers at "
              + node
              + " is not trusted, or speaks no TLS ("
              + e.getMessage()
              + "): SPENDWATCH_HTTP_TLS_AUTHORITIES_FILE names who vouches for nodes",
          e);
    } catch (IOException e) {
      return Optional.empty();
    }
    try {
      if (json != null) {
        try (OutputStream out = connection.getOutputStream()) {
          out.write(json.getBytes(StandardCharsets.UTF_8));
        }
      }
      int status = connection.getResponseCode();
      if (status == HttpURLConnection.HTTP_UNAUTHORIZED) {
        throw new OperatorException(
            login.token().isPresent()
                ? "the node at " + node + " does not know the token of SPENDWATCH_HTTP_TOKEN"
                : "the node at "
                    + node
                    + " asks for a token: set SPENDWATCH_HTTP_TOKEN, or SPENDWATCH_HTTP_TOKEN_FILE");
      }
      return Optional.of(new Answer(status, read(connection, endNanos), connection.getDate()));
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
    if (node.getHost() != null && node.isAbsolute()) {
      try {
        if (node.resolve(path).toURL().openConnection() instanceof HttpURLConnection connection) {
          return connection;
        }
      } catch (IOException e) {
        throw new IllegalArgumentException(node + ": " + e.getMessage(), e);
      }
    }
    throw new IllegalArgumentException(node + " (expected: http://host:port or https://host:port)");
  }

  /** The whole answer, unless it goes on to come after the end. */
  private static String read(HttpURLConnection connection, long endNanos) throws IOException {
    var body = new ByteArrayOutputStream();
    byte[] part = new byte[PART_BYTES];
    boolean isError = connection.getResponseCode() >= HttpURLConnection.HTTP_BAD_REQUEST;
    try (InputStream in = isError ? connection.getErrorStream() : connection.getInputStream()) {
      for (int bytes = read(in, part); bytes >= 0; bytes = read(in, part)) {
        body.write(part, 0, bytes);
        if (System.nanoTime() > endNanos) {
          throw new SocketTimeoutException();
        }
        if (body.size() > ANSWER_BYTES_MAX) {
          throw new IOException("the answer is longer than " + ANSWER_BYTES_MAX + " bytes");
        }
      }
    }
    return body.toString(StandardCharsets.UTF_8);
  }

  /** An error may have come without a body. */
  private static int read(InputStream in, byte[] part) throws IOException {
    return in == null ? -1 : in.read(part);
  }

  /** At least 1: with 0 it would be waited for without end. */
  private static int timeoutMs(Duration timeout) {
    return (int) Math.clamp(timeout.toMillis(), 1L, Integer.MAX_VALUE);
  }
}
