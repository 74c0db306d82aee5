package io.spendwatch.ops.events;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * A client of a node's events, on a socket of its own, as the HTML standard has it: it remembers
 * the last id. For one thread, but for what it has had.
 */
final class EventClient implements AutoCloseable {
  /** So little that who does not read fills it at once. */
  private static final int RECEIVE_BUFFER_BYTES = 8 << 10;

  private final Socket socket;
  private final BufferedReader lines;
  private final Queue<Received> received = new ConcurrentLinkedQueue<>();
  private volatile String lastId;
  private volatile boolean ended;

  /** An event. */
  record Received(String type, String data) {}

  private EventClient(Socket socket, String lastId) throws IOException {
    this.socket = socket;
    this.lines = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
    this.lastId = lastId;
  }

  /**
   * Asks for events and reads nothing yet.
   *
   * @param lastId null for none
   */
  static EventClient connect(int port, String query, String lastId) throws IOException {
    var socket = new Socket();
    socket.setReceiveBufferSize(RECEIVE_BUFFER_BYTES);
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    String header = lastId == null ? "" : "Last-Event-ID: " + lastId + "\r\n";
    // Without 1.1 there are no chunks to take apart.
    socket
        .getOutputStream()
        .write(
            ("GET /api/v1/events" + query + " HTTP/1.0\r\nHost: localhost\r\n" + header + "\r\n")
                .getBytes(UTF_8));
    return new EventClient(socket, lastId);
  }

  /** Reads on a thread of its own from now on. */
  EventClient read() {
    Thread.ofVirtual().start(this::readAll);
    return this;
  }

  private void readAll() {
    try {
      String type = null;
      List<String> data = new ArrayList<>();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.isEmpty()) {
          if (type != null) {
            received.add(new Received(type, String.join("\n", data)));
          }
          type = null;
          data.clear();
        } else if (line.startsWith("event: ")) {
          type = line.substring("event: ".length());
        } else if (line.startsWith("data: ")) {
          data.add(line.substring("data: ".length()));
        } else if (line.startsWith("id: ")) {
          lastId = line.substring("id: ".length());
        }
      }
    } catch (IOException e) {
      // The node is gone, or the test is.
    }
    ended = true;
  }

  /** Of this type, the data. */
  List<String> data(String type) {
    return received.stream().filter(one -> one.type().equals(type)).map(Received::data).toList();
  }

  /** Null before any. */
  String lastId() {
    return lastId;
  }

  boolean ended() {
    return ended;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
