package io.spendwatch.ops.node;

import static io.spendwatch.streams.config.ConfigSection.check;

import com.typesafe.config.Config;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.pekko.actor.Address;

/**
 * Which cluster a node joins: {@code spendwatch.cluster.seeds}.
 *
 * @param seeds {@code host:port} of nodes to join; empty for a cluster of one
 */
record ClusterConfig(List<String> seeds) {
  private static final String SEEDS = "spendwatch.cluster.seeds";
  private static final Pattern HOST_AND_PORT = Pattern.compile("[^:\\s]+:\\d{1,5}");

  ClusterConfig {
    seeds = List.copyOf(seeds);
    for (String seed : seeds) {
      check(HOST_AND_PORT.matcher(seed).matches(), SEEDS, seed, "host:port,…");
    }
  }

  static ClusterConfig from(Config root) {
    return new ClusterConfig(
        Stream.of(root.getString(SEEDS).split(",", -1))
            .map(String::strip)
            .filter(seed -> !seed.isEmpty())
            .toList());
  }

  /** The seeds' addresses in the actor system of this name. */
  List<Address> addresses(String system) {
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
