package io.spendwatch.ops.faults.links;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/**
 * A TCP proxy before a server of this machine, which can be cut: then nothing passes either way,
 * and nobody is told. What passes is up to the subclasses. Thread-safe.
 */
public abstract class TcpLink implements AutoCloseable {
  private static final int BUFFER_BYTES = 16 * 1024;

  private final ServerSocket listener;
  private final int serverPort;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

  // Of this object's monitor.
  private Predicate<Socket> cut = _ -> false;

  TcpLink(int serverPort) {
    this.serverPort = serverPort;
    try {
      listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Begins to accept connections. */
  public final void open() {
    Thread.ofVirtual().start(this::accept);
  }

  /** Where the server listens. */
  public final int serverPort() {
    return serverPort;
  }

  /** Where clients connect. */
  public final int port() {
    return listener.getLocalPort();
  }

  /**
   * From now on nothing passes between these clients and the server, on connections of now and of
   * later, as where a cable is pulled out.
   */
  public final synchronized void cut(Predicate<Socket> clients) {
    cut = clients;
    notifyAll();
  }

  /** All passes again. What was on its way comes late, not never: TCP would have sent it again. */
  public final void heal() {
    cut(_ -> false);
  }

  /** Returns once what this client sends, and is sent, may pass. */
  final synchronized void awaitPassage(Socket client) throws InterruptedIOException {
    try {
      while (cut.test(client)) {
        wait();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    }
  }

  /** Starts whatever passes bytes between the two; the link closes both in the end. */
  abstract void connect(Socket client, Socket server);

  /** Whether bytes that have come in may go out. It may as well wait until they may. */
  interface Valve {
    boolean isOpen() throws IOException;
  }

  /** Passes bytes in one direction until either end is closed; then closes both. */
  final void copy(Socket from, Socket to, Valve valve) {
    byte[] buffer = new byte[BUFFER_BYTES];
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        if (valve.isOpen()) {
          out.write(buffer, 0, read);
        }
      }
      // Nor does the end of a connection get through a cut link.
      var _ = valve.isOpen();
    } catch (IOException e) {
      // Either end is closed.
    } finally {
      closeBoth(from, to);
    }
  }

  /** The sockets of all connections of now, of both sides. */
  final Set<Socket> sockets() {
    return Set.copyOf(sockets);
  }

  final void closeBoth(Socket one, Socket other) {
    sockets.remove(one);
    sockets.remove(other);
    closeQuietly(one);
    closeQuietly(other);
  }

  @Override
  public final void close() {
    closeQuietly(listener);
    heal();
    sockets.forEach(TcpLink::closeQuietly);
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket client = listener.accept();
        sockets.add(client);
        Thread.ofVirtual().start(() -> connect(client));
      } catch (IOException e) {
        // The listener is closed.
      }
    }
  }

  private void connect(Socket client) {
    try {
      awaitPassage(client);
      Socket server = new Socket(InetAddress.getLoopbackAddress(), serverPort);
      sockets.add(server);
      connect(client, server);
    } catch (IOException e) {
      // The server refuses: so do we.
      closeBoth(client, client);
    }
  }

  private static void closeQuietly(AutoCloseable socket) {
    try {
      socket.close();
    } catch (Exception e) {
      // It is to be gone, and is.
    }
  }
}
