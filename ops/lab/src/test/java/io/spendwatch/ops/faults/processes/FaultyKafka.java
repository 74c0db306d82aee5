package io.spendwatch.ops.faults.processes;

import io.spendwatch.ops.faults.links.KafkaLink;
import io.spendwatch.ops.faults.links.TcpLink;
import io.spendwatch.ops.lab.sandbox.kafka.KafkaServer;
import io.spendwatch.ops.lab.sandbox.kafka.KafkaServer.Options;
import io.spendwatch.ops.lab.sandbox.kafka.KafkaServer.ProxiedListener;
import io.spendwatch.ops.lab.sandbox.start.Ports;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A real Kafka that can fail as a whole, and links to it, one for each node, that can fail by kinds
 * of requests or be cut.
 */
public final class FaultyKafka implements AutoCloseable {
  /** With one that joins later. */
  public static final int NODES_MAX = 4;

  /** How often the broker looks for transactions to abort whose time is over: else 10 s. */
  public static final Map<String, String> HURRIED =
      Map.of("transaction.abort.timed.out.transaction.cleanup.interval.ms", "1000");

  public static final Map<String, String> AS_DELIVERED = Map.of();

  private final int port = Ports.free();
  private final List<KafkaLink> links;
  private final FaultyServer<KafkaServer> server;

  private FaultyKafka(Path directory, Map<String, String> settings) {
    links = IntStream.range(0, NODES_MAX).mapToObj(_ -> new KafkaLink(Ports.free())).toList();
    Options options =
        new Options(
            links.stream()
                .map(link -> new ProxiedListener(link.serverPort(), link.port()))
                .toList(),
            settings);
    server = new FaultyServer<>(directory, () -> KafkaServer.start(directory, port, options));
  }

  /**
   * Starts it on the directory.
   *
   * @param settings of the broker, beside the usual
   */
  public static FaultyKafka start(Path directory, Map<String, String> settings) {
    FaultyKafka kafka = new FaultyKafka(directory, settings);
    kafka.links.forEach(TcpLink::open);
    kafka.server.start();
    return kafka;
  }

  public FaultyServer<KafkaServer> server() {
    return server;
  }

  /** One for each node. */
  public List<KafkaLink> links() {
    return links;
  }

  /** Without a link. */
  public String bootstrapServers() {
    return Ports.LOOPBACK + ":" + port;
  }

  /**
   * Through a node's link, all brokers included that the clients are told of.
   *
   * @param node its number, from 0
   */
  public String linkedBootstrapServers(int node) {
    return Ports.LOOPBACK + ":" + links.get(node).port();
  }

  @Override
  public void close() {
    links.forEach(TcpLink::close);
    server.close();
  }
}
