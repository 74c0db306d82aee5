package io.spendwatch.ops.faults.links;

import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A link that can go dead without a word: what goes in no longer comes out, nobody is told. */
public final class DeadLink extends TcpLink {
  private final Set<Socket> dead = ConcurrentHashMap.newKeySet();

  public DeadLink(int serverPort) {
    super(serverPort);
  }

  /** All connections of now go dead; later ones work. */
  public void goDead() {
    dead.addAll(sockets());
  }

  @Override
  void connect(Socket client, Socket server) {
    Thread.ofVirtual().start(() -> copyUnlessDead(client, server));
    Thread.ofVirtual().start(() -> copyUnlessDead(server, client));
  }

  private void copyUnlessDead(Socket from, Socket to) {
    copy(from, to, () -> !dead.contains(from));
    dead.remove(from);
  }
}
