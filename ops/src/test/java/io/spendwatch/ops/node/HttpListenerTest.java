package io.spendwatch.ops.node;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpListenerTest {
  @ParameterizedTest
  @CsvSource({
    "0.0.0.0, node-1:8080",
    "::, node-1:8080",
    "[::], node-1:8080",
    "127.0.0.1, 127.0.0.1:8080",
    "10.0.0.7, 10.0.0.7:8080",
    "0.0.0.0.example.org, 0.0.0.0.example.org:8080"
  })
  void isReachedByTheNameInTheClusterWhereItListensOnAllInterfaces(String host, String reached) {
    assertThat(HttpListener.reachableAt(host, 8080, "node-1")).isEqualTo(reached);
  }
}
