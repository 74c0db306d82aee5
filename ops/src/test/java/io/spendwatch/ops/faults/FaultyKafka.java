package io.spendwatch.ops.faults;

import io.spendwatch.ops.servers.KafkaServer;
import io.spendwatch.ops.servers.KafkaServer.Options;
import io.spendwatch.ops.servers.KafkaServer.ProxiedListener;
import io.spendwatch.ops.servers.Ports;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** A real Kafka that can fail as a whole, and a link to it that can fail by kinds of requests. */
final class FaultyKafka implements AutoCloseable {
  private final int port = Ports.free();
  private final KafkaLink link;
  private final FaultyServer<KafkaServer> server;

  FaultyKafka(Path directory) {
    int linkedPort = Ports.free();
    link = new KafkaLink(linkedPort);
    link.open();
    Options options =
        new Options(
            Optional.of(new ProxiedListener(linkedPort, link.port())),
            // How often the broker looks for transactions to abort whose time is over: else 10 s.
            Map.of("transaction.abort.timed.out.transaction.cleanup.interval.ms", "1000"));
    server = new FaultyServer<>(directory, () -> KafkaServer.start(directory, port, options));
  }

  FaultyServer<KafkaServer> server() {
    return server;
  }

  KafkaLink link() {
    return link;
  }

  /** Without the link. */
  String bootstrapServers() {
    return Ports.LOOPBACK + ":" + port;
  }

  /** Through the link, all brokers included that the clients are told of. */
  String linkedBootstrapServers() {
    return Ports.LOOPBACK + ":" + link.port();
  }

  @Override
  public void close() {
    link.close();
    server.close();
  }
}
