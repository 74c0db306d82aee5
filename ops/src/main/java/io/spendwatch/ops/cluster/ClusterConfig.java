package io.spendwatch.ops.cluster;

import static io.spendwatch.streams.base.ConfigSection.check;
import static io.spendwatch.streams.base.ConfigSection.checkPositive;
import static io.spendwatch.streams.base.ConfigSection.checkRange;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigUtil;
import io.spendwatch.ops.access.Hosts;
import io.spendwatch.ops.tls.TlsFiles;
import io.spendwatch.streams.base.ConfigSection;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.pekko.actor.Address;

/**
 * Which cluster a node joins, and how the others reach it: {@code spendwatch.cluster}.
 *
 * @param host what the other nodes reach this one by
 * @param port the same; 0 for any free one
 * @param bindHost where it listens; empty for {@code host}
 * @param bindPort where it listens; empty for {@code port}
 * @param seeds {@code host:port} of nodes to join; empty for those that {@code discovery} finds
 * @param discovery how nodes find each other without seeds: a method of {@code pekko.discovery}
 * @param managementPort where the others ask whether this node is in a cluster; 0 for any free one
 * @param nodesMin how many must have found each other before they form a cluster
 * @param registration of nodes that find each other through the database
 * @param lease of the side that goes on when nodes lose each other
 * @param tls between the nodes
 * @param withoutTls whether it may be reached from other machines without
 */
public record ClusterConfig(
    String host,
    int port,
    String bindHost,
    String bindPort,
    List<String> seeds,
    String discovery,
    int managementPort,
    int nodesMin,
    RegistrationConfig registration,
    Duration lease,
    TlsFiles tls,
    boolean withoutTls) {

  /**
   * How a node says that it is there: {@code spendwatch.cluster.registration}.
   *
   * @param interval between two renewals
   * @param expiry after which one that was not renewed is forgotten
   */
  public record RegistrationConfig(Duration interval, Duration expiry) {
    public RegistrationConfig {
      checkPositive(PATH + ".registration.interval", interval);
      check(
          expiry.compareTo(interval.multipliedBy(RENEWALS_MISSED_MIN)) >= 0,
          PATH + ".registration.expiry",
          expiry,
          ">= " + RENEWALS_MISSED_MIN + " * interval " + interval);
    }
  }

  private static final String PATH = "spendwatch.cluster";
  private static final String METHODS = "pekko.discovery";
  private static final int RENEWALS_MISSED_MIN = 3;
  private static final Pattern HOST_AND_PORT = Pattern.compile("[^:\\s]+:\\d{1,5}");
  private static final Pattern PORT_OR_NONE = Pattern.compile("\\d{0,5}");

  public ClusterConfig {
    seeds = List.copyOf(seeds);
    check(!host.isBlank(), PATH + ".host", host, "a host name or address");
    checkRange(PATH + ".port", port, 0, 65_535);
    check(
        PORT_OR_NONE.matcher(bindPort).matches(), PATH + ".bind-port", bindPort, "empty, 0..65535");
    checkRange(PATH + ".management-port", managementPort, 0, 65_535);
    checkRange(PATH + ".nodes-min", nodesMin, 1, 1000);
    checkPositive(PATH + ".lease", lease);
    for (String seed : seeds) {
      check(HOST_AND_PORT.matcher(seed).matches(), PATH + ".seeds", seed, "host:port,…");
    }
  }

  /**
   * Reads {@code spendwatch.cluster}.
   *
   * @throws IllegalArgumentException naming what is out of its range
   */
  public static ClusterConfig from(Config root) {
    ConfigSection section = ConfigSection.of(root, PATH);
    ConfigSection registration = section.section("registration");
    ConfigSection tls = section.section("tls");
    TlsFiles files = TlsFiles.from(tls);
    tls.rejectUnknown();
    var config =
        new ClusterConfig(
            section.string("host"),
            section.integer("port"),
            section.string("bind-host"),
            section.string("bind-port"),
            Stream.of(section.string("seeds").split(",", -1))
                .map(String::strip)
                .filter(seed -> !seed.isEmpty())
                .toList(),
            section.string("discovery"),
            section.integer("management-port"),
            section.integer("nodes-min"),
            new RegistrationConfig(
                registration.duration("interval"), registration.duration("expiry")),
            section.duration("lease"),
            files,
            section.flag("without-tls"));
    registration.rejectUnknown();
    // What these say is Pekko's to check.
    ConfigSection _ = section.section("by-discovery");
    ConfigSection _ = section.section("with-tls");
    Duration _ = section.duration("join-timeout");
    section.rejectUnknown();
    check(
        !config.seeds.isEmpty()
            || root.hasPath(METHODS + "." + ConfigUtil.joinPath(config.discovery, "class")),
        PATH + ".discovery",
        config.discovery,
        "postgres, kubernetes-api or another method below pekko.discovery");
    return config;
  }

  /** The tree for the actor system: with what is different for this way to find each other. */
  public Config settings(Config root) {
    String differences = PATH + ".by-discovery." + ConfigUtil.joinPath(discovery);
    Config settings = tls.isOn() ? root.getConfig(PATH + ".with-tls").withFallback(root) : root;
    return seeds.isEmpty() && root.hasPath(differences)
        ? root.getConfig(differences).withFallback(settings)
        : settings;
  }

  /**
   * Checks, before it listens, that nobody else can come in: who reaches the port of a node, and is
   * not asked for a certificate, is one of its cluster. May block for a look-up of the host's name.
   *
   * @throws IllegalArgumentException if it would be open to other machines, and nobody said so
   */
  public void checkDoors() {
    check(
        tls.isOn() || withoutTls || isOnThisMachineOnly(),
        PATH + (bindHost.isEmpty() ? ".host" : ".bind-host"),
        listensAtHost(),
        "an address of this machine only, such as 127.0.0.1; or SPENDWATCH_CLUSTER_TLS_CERTIFICATE_FILE,"
            + " SPENDWATCH_CLUSTER_TLS_KEY_FILE and SPENDWATCH_CLUSTER_TLS_AUTHORITIES_FILE; or"
            + " SPENDWATCH_CLUSTER_WITHOUT_TLS=true, where nobody else reaches these ports");
  }

  /** Where it listens for the cluster's connections, for people. */
  public String listensAt() {
    return listensAtHost() + ":" + (bindPort.isEmpty() ? port : bindPort);
  }

  /** Whether no other machine reaches it. May block for a look-up of the host's name. */
  public boolean isOnThisMachineOnly() {
    return Hosts.isLoopback(listensAtHost());
  }

  String listensAtHost() {
    return bindHost.isEmpty() ? host : bindHost;
  }

  /** The seeds' addresses in the actor system of this name. */
  List<Address> seedAddresses(String system) {
    return seeds.stream()
        .map(
            seed -> {
              int colon = seed.indexOf(':');
              return new Address(
                  "pekko",
                  system,
                  seed.substring(0, colon),
                  Integer.parseInt(seed.substring(colon + 1)));
            })
        .toList();
  }
}
