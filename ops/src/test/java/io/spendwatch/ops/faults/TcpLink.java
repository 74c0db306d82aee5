package io.spendwatch.ops.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A TCP proxy before a server of this machine. What it does to what passes, subclasses say. */
abstract class TcpLink implements AutoCloseable {
  private final ServerSocket listener;
  private final int serverPort;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

  TcpLink(int serverPort) {
    this.serverPort = serverPort;
    try {
      listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Begins to accept connections. */
  final void open() {
    Thread.ofVirtual().start(this::accept);
  }

  /** Where clients connect. */
  final int port() {
    return listener.getLocalPort();
  }

  /** Starts whatever passes bytes between the two; the link closes both in the end. */
  abstract void connect(Socket client, Socket server);

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
    sockets.forEach(TcpLink::closeQuietly);
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket client = listener.accept();
        try {
          Socket server = new Socket(InetAddress.getLoopbackAddress(), serverPort);
          sockets.add(client);
          sockets.add(server);
          connect(client, server);
        } catch (IOException e) {
          // The server refuses: so do we.
          closeQuietly(client);
        }
      } catch (IOException e) {
        // The listener is closed.
      }
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
