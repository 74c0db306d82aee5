package io.spendwatch.ops.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.ops.config.Configuration;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DoorChecksTest {
  private final Map<String, String> set = new TreeMap<>();

  @AfterEach
  void forget() {
    set.keySet().forEach(System::clearProperty);
    ConfigFactory.invalidateCaches();
  }

  /** Which checks find something, by what is set; everything else is as it comes. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          http.port=0                                                                   | -
          http.host=10.0.0.1                                                            | http
          http.host=10.0.0.1 http.access.file=a                                         | http
          http.host=10.0.0.1 http.without-login=on http.without-tls=on                  | http
          http.host=10.0.0.1 http.access.file=a http.tls.certificate-file=a http.tls.key-file=b | -
          cluster.host=10.0.0.1                                                         | cluster
          cluster.host=10.0.0.1 cluster.without-tls=on                                  | cluster
          cluster.host=10.0.0.1 cluster.bind-host=127.0.0.1                             | -
          cluster.host=10.0.0.1 cluster.tls.certificate-file=a cluster.tls.key-file=b   | -
          kafka.bootstrap-servers=127.0.0.1:9092,10.0.0.1:9092                          | kafka
          kafka.bootstrap-servers=10.0.0.1:9092 kafka.properties.security.protocol=SASL_PLAINTEXT | kafka
          kafka.bootstrap-servers=10.0.0.1:9092 kafka.properties.security.protocol=SASL_SSL | -
          kafka.bootstrap-servers=[::1]:9092                                            | -
          postgres.uri=postgresql://10.0.0.1/db                                         | postgresql
          postgres.uri=postgresql://10.0.0.1/db?sslmode=prefer                          | postgresql
          postgres.uri=postgresql://10.0.0.1/db?sslmode=require                         | postgresql
          postgres.uri=postgresql://10.0.0.1/db?sslmode=verify-full&sslrootcert=system  | -
          """)
  void findsTheDoorsThatAreOpenToOtherMachines(String settings, String found) {
    for (String setting : settings.strip().split(" +", -1)) {
      String[] parts = setting.split("=", 2);
      set.put("spendwatch." + parts[0], parts[1]);
    }
    set.forEach(System::setProperty);
    Stream<Check> checks = new DoorChecks(Configuration.load()).look().stream();
    assertThat(
            checks
                .filter(Check::isFinding)
                .map(check -> check.name().split(" ", 2)[0])
                .collect(Collectors.joining(",")))
        .isEqualTo(found.equals("-") ? "" : found);
  }
}
