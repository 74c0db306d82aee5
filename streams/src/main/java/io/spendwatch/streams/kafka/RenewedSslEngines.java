package io.spendwatch.streams.kafka;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.KeyStore;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.SslConfigs;
import org.apache.kafka.common.security.auth.SslEngineFactory;
import org.apache.kafka.common.security.ssl.DefaultSslEngineFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS of a Kafka client as kafka-clients make it, but by certificates and keys as they are in their
 * files when a connection begins, so that renewed ones are taken. Files that are no good leave in
 * force what was before.
 *
 * <p>Made by kafka-clients, by its name; blocks for the files, on a thread of the client's.
 * Thread-safe.
 */
public final class RenewedSslEngines implements SslEngineFactory {
  static final List<String> FILES =
      List.of(SslConfigs.SSL_KEYSTORE_LOCATION_CONFIG, SslConfigs.SSL_TRUSTSTORE_LOCATION_CONFIG);

  private static final Logger LOG = LoggerFactory.getLogger(RenewedSslEngines.class);

  private Map<String, Object> settings = Map.of();
  private List<FileTime> written = List.of();
  private DefaultSslEngineFactory engines = new DefaultSslEngineFactory();

  @Override
  public synchronized void configure(Map<String, ?> configs) {
    settings = new HashMap<>(configs);
    // First: what is written meanwhile is read with the next connection.
    written = writtenAt();
    engines.configure(settings);
  }

  @Override
  public SSLEngine createClientSslEngine(
      String peerHost, int peerPort, String endpointIdentification) {
    return renewed().createClientSslEngine(peerHost, peerPort, endpointIdentification);
  }

  @Override
  public SSLEngine createServerSslEngine(String peerHost, int peerPort) {
    return renewed().createServerSslEngine(peerHost, peerPort);
  }

  private synchronized DefaultSslEngineFactory renewed() {
    List<FileTime> now = writtenAt();
    if (!now.equals(written)) {
      written = now;
      try {
        var fresh = new DefaultSslEngineFactory();
        fresh.configure(settings);
        engines = fresh;
        LOG.info("Certificates of Kafka read anew");
      } catch (KafkaException e) {
        LOG.atWarn()
            .addKeyValue("reason", e.getMessage())
            .log("Certificates of Kafka cannot be read; those of before stay in force");
      }
    }
    return engines;
  }

  private List<FileTime> writtenAt() {
    return FILES.stream().map(file -> writtenAt(settings.get(file))).toList();
  }

  /** Of one that there is not, or that cannot be seen, who reads it will say more. */
  private static FileTime writtenAt(@Nullable Object file) {
    try {
      return file == null
          ? FileTime.fromMillis(0)
          : Files.getLastModifiedTime(Path.of(file.toString()));
    } catch (IOException | InvalidPathException e) {
      return FileTime.fromMillis(0);
    }
  }

  @Override
  public synchronized boolean shouldBeRebuilt(Map<String, Object> nextConfigs) {
    return engines.shouldBeRebuilt(nextConfigs);
  }

  @Override
  public synchronized Set<String> reconfigurableConfigs() {
    return engines.reconfigurableConfigs();
  }

  @Override
  public synchronized KeyStore keystore() {
    return engines.keystore();
  }

  @Override
  public synchronized KeyStore truststore() {
    return engines.truststore();
  }

  @Override
  public synchronized void close() {
    engines.close();
  }
}
