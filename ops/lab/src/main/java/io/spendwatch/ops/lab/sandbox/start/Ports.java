package io.spendwatch.ops.lab.sandbox.start;

import io.spendwatch.errors.OperatorException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Locale;

/** TCP ports on the loopback interface. */
public final class Ports {
  /** Where the embedded servers listen, and nowhere else. */
  public static final String LOOPBACK = "127.0.0.1";

  private Ports() {}

  /** A port that is free now; somebody else may take it before the caller does. */
  public static int free() {
    try {
      return bindAndRelease(0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The given port if it is free now, else any free one. */
  public static int freeOrAny(int preferred) {
    try {
      return bindAndRelease(preferred);
    } catch (IOException e) {
      return free();
    }
  }

  /**
   * The given port, or a free one for 0.
   *
   * @throws OperatorException if the given port is taken
   */
  public static int freeOr(int port, String server) {
    if (port == 0) {
      return free();
    }
    try {
      return bindAndRelease(port);
    } catch (IOException e) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "port %d is taken: %s cannot listen on %s:%d (%s)",
              port,
              server,
              LOOPBACK,
              port,
              e.getMessage()),
          e);
    }
  }

  private static int bindAndRelease(int port) throws IOException {
    try (ServerSocket socket = new ServerSocket()) {
      // As the servers do it: connections that a former run left in TIME_WAIT do not count.
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.ofLiteral(LOOPBACK), port));
      return socket.getLocalPort();
    }
  }
}
