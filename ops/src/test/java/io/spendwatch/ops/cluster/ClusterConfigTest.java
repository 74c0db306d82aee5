package io.spendwatch.ops.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClusterConfigTest {
  private static final String REQUIRED =
      "pekko.management.cluster.bootstrap.contact-point-discovery.required-contact-point-nr";

  @Test
  void listensWhereTheOthersReachItUnlessToldOtherwise() {
    assertThat(ClusterConfig.from(with("host = h, port = 7355")).listensAt()).isEqualTo("h:7355");
    assertThat(
            ClusterConfig.from(with("host = h, port = 7355, bind-host = b, bind-port = 1"))
                .listensAt())
        .isEqualTo("b:1");
  }

  @Test
  void oneNodeIsEnoughOnlyWhereAllAreSeen() {
    assertThat(settings("discovery = postgres").getInt(REQUIRED)).isEqualTo(1);
    assertThat(settings("discovery = kubernetes-api").getInt(REQUIRED)).isEqualTo(2);
    assertThat(settings("discovery = config, nodes-min = 3").getInt(REQUIRED)).isEqualTo(3);
  }

  @Test
  void waitsForSeedNodesHoweverLongTheyTake() {
    String path = "pekko.cluster.shutdown-after-unsuccessful-join-seed-nodes";
    assertThat(settings("discovery = postgres").getString(path)).isEqualTo("20 s");
    assertThat(settings("seeds = \"a:1, b:2\"").getString(path)).isEqualTo("off");
  }

  @ParameterizedTest
  @CsvSource({
    "seeds = a, spendwatch.cluster.seeds: a (expected: host:port",
    "discovery = zookeeper, spendwatch.cluster.discovery: zookeeper (expected: postgres",
    "bind-port = x, spendwatch.cluster.bind-port: x (expected: empty",
    "management-port = 65536, spendwatch.cluster.management-port: 65536 (expected",
    "nodes-min = 0, spendwatch.cluster.nodes-min: 0 (expected",
    "registration.expiry = 2 s, spendwatch.cluster.registration.expiry: PT2S (expected: >= 3",
    "lease = 0 s, spendwatch.cluster.lease: PT0S (expected"
  })
  void namesWhatIsOutOfItsRange(String setting, String said) {
    assertThatThrownBy(() -> ClusterConfig.from(with(setting)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(said);
  }

  private static Config settings(String cluster) {
    Config root = with(cluster);
    return ClusterConfig.from(root).settings(root);
  }

  private static Config with(String cluster) {
    return ConfigFactory.parseString("spendwatch.cluster {" + cluster + "}")
        .withFallback(ConfigFactory.parseResources("spendwatch.conf"))
        .withFallback(ConfigFactory.defaultReferenceUnresolved())
        .resolve();
  }
}
