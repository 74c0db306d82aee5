package io.spendwatch.ops.lab.sandbox.kafka;

import io.spendwatch.ops.lab.sandbox.start.Ports;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Keeps a broker's own former port open, without answering, while the broker starts again.
 *
 * <p>A broker that was killed between deciding a transaction and ending it in its partitions makes
 * up for that when it starts, at the address that it had. Where nobody listens there, it asks again
 * for the partitions' leader every 50 ms; in the moment between the end of its former session and
 * the beginning of the new one there is none, which Kafka 4.3.1 takes for "deleted", and forgets
 * the transaction: its partitions stay locked to {@code read_committed} readers. A connection that
 * is not answered makes it wait; it asks again when we close, and then there is a leader.
 */
public final class FormerEndpoint implements AutoCloseable {
  /** The listener that a broker reaches itself by. */
  public static final String LISTENER = "INTERNAL";

  private static final Pattern ENDPOINT = Pattern.compile(LISTENER + "://[^:,]*:(\\d+)");

  private final ServerSocket socket;

  private FormerEndpoint(ServerSocket socket) {
    this.socket = socket;
  }

  /** The port in the settings of the former start, if there was one. */
  static OptionalInt portOf(Path settings) throws IOException {
    if (!Files.exists(settings)) {
      return OptionalInt.empty();
    }
    var former = new Properties();
    try (InputStream in = Files.newInputStream(settings)) {
      former.load(in);
    }
    Matcher endpoint = ENDPOINT.matcher(former.getProperty("listeners", ""));
    return endpoint.find()
        ? OptionalInt.of(Integer.parseInt(endpoint.group(1)))
        : OptionalInt.empty();
  }

  /** Holds the port; where somebody else has it by now, that will do as well. */
  static FormerEndpoint hold(OptionalInt port) throws IOException {
    ServerSocket socket = new ServerSocket();
    if (port.isPresent()) {
      try {
        socket.setReuseAddress(true);
        socket.bind(new InetSocketAddress(InetAddress.ofLiteral(Ports.LOOPBACK), port.getAsInt()));
      } catch (IOException e) {
        // Taken.
      }
    }
    return new FormerEndpoint(socket);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
