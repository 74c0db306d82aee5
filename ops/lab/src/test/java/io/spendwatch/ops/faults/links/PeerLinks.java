package io.spendwatch.ops.faults.links;

import io.spendwatch.ops.lab.sandbox.start.Ports;
import java.net.InetAddress;
import java.net.Socket;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/**
 * The network between the nodes of a bed, for Pekko's remoting: a link before each node's port. All
 * nodes are on this machine; so that a link knows whose connection it passes, each node connects
 * from an address of its own, which Linux has by the million on the loopback interface. Not behind
 * links is what a node asks the others before it joins them, by HTTP: one that starts while it is
 * cut off hears of a cluster that it cannot join.
 */
public final class PeerLinks implements AutoCloseable {
  private final List<PeerLink> links;
  private final Set<Integer> cutOff = ConcurrentHashMap.newKeySet();

  /** Links for so many nodes; open. */
  public PeerLinks(int nodes) {
    links = IntStream.range(0, nodes).mapToObj(_ -> new PeerLink(Ports.free())).toList();
    links.forEach(TcpLink::open);
  }

  /**
   * What tells the node to be behind its link.
   *
   * @param node its number, from 0
   * @return settings in the environment
   */
  public Map<String, String> settings(int node) {
    PeerLink link = links.get(node);
    Map<String, String> settings = new HashMap<>();
    settings.put("SPENDWATCH_CLUSTER_HOST", Ports.LOOPBACK);
    settings.put("SPENDWATCH_CLUSTER_PORT", Integer.toString(link.port()));
    settings.put("SPENDWATCH_CLUSTER_BIND_PORT", Integer.toString(link.serverPort()));
    return settings;
  }

  /** Of the node's JVM. */
  public List<String> javaOptions(int node) {
    return List.of("-Dpekko.remote.artery.advanced.tcp.outbound-client-hostname=" + source(node));
  }

  /** From now on the node hears nothing of the others, nor they of it. */
  public void cutOff(int node) {
    cutOff.add(node);
    apply();
  }

  /** All are connected. */
  public void heal() {
    cutOff.clear();
    apply();
  }

  private void apply() {
    Set<String> sources = ConcurrentHashMap.newKeySet();
    cutOff.forEach(node -> sources.add(source(node)));
    for (int node = 0; node < links.size(); node++) {
      if (cutOff.contains(node)) {
        links.get(node).cut(_ -> true);
      } else {
        links.get(node).cut(client -> sources.contains(sourceOf(client)));
      }
    }
  }

  private static String source(int node) {
    return "127.0.1." + (node + 1);
  }

  private static String sourceOf(Socket client) {
    InetAddress address = client.getInetAddress();
    return address == null ? "" : address.getHostAddress();
  }

  @Override
  public void close() {
    links.forEach(TcpLink::close);
  }

  /** Passes everything unless it is cut. */
  private static final class PeerLink extends TcpLink {
    PeerLink(int serverPort) {
      super(serverPort);
    }

    @Override
    void connect(Socket client, Socket server) {
      Thread.ofVirtual().start(() -> pass(client, server, client));
      Thread.ofVirtual().start(() -> pass(server, client, client));
    }

    private void pass(Socket from, Socket to, Socket client) {
      copy(
          from,
          to,
          () -> {
            awaitPassage(client);
            return true;
          });
    }
  }
}
