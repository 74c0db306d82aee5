package io.spendwatch.ops.faults;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A link that can go dead without a word: what goes in no longer comes out, nobody is told. */
final class DeadLink extends TcpLink {
  private static final int BUFFER_BYTES = 16 * 1024;

  private final Set<Socket> dead = ConcurrentHashMap.newKeySet();

  DeadLink(int serverPort) {
    super(serverPort);
  }

  /** All connections of now go dead; later ones work. */
  void goDead() {
    dead.addAll(sockets());
  }

  @Override
  void connect(Socket client, Socket server) {
    Thread.ofVirtual().start(() -> copy(client, server));
    Thread.ofVirtual().start(() -> copy(server, client));
  }

  private void copy(Socket from, Socket to) {
    byte[] buffer = new byte[BUFFER_BYTES];
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        if (!dead.contains(from)) {
          out.write(buffer, 0, read);
        }
      }
    } catch (IOException e) {
      // Either end is closed.
    } finally {
      closeBoth(from, to);
      dead.remove(from);
    }
  }
}
