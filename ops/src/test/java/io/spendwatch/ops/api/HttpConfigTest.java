package io.spendwatch.ops.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpConfigTest {

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "localhost", "\"::1\"", "127.8.9.10"})
  void onThisMachineNothingNeedsToBeSet(String host) {
    assertThatCode(() -> config("host = " + host).checkDoors()).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          host = 0.0.0.0                                                              | ACCESS_FILE
          host = 10.1.2.3                                                             | WITHOUT_LOGIN
          host = "::"                                                                 | OIDC_ISSUER
          host = no-such-host.invalid                                                 | ACCESS_FILE
          host = 0.0.0.0, tls { certificate-file = a, key-file = b }                  | ACCESS_FILE
          host = 0.0.0.0, access.file = a                                             | TLS_CERTIFICATE_FILE
          host = 0.0.0.0, without-login = true                                        | WITHOUT_TLS
          host = 0.0.0.0, without-tls = true                                          | ACCESS_FILE
          """)
  void otherMachinesDoNotComeInUnasked(String text, String said) {
    assertThatThrownBy(() -> config(text).checkDoors())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("spendwatch.http.host: ")
        .hasMessageContaining(said);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "host = 0.0.0.0, access.file = a, tls { certificate-file = a, key-file = b }",
        "host = 0.0.0.0, access.file = a, without-tls = true",
        "host = 0.0.0.0, access.oidc { issuer = a, keys = b }, without-tls = true",
        "host = 0.0.0.0, without-login = true, without-tls = true"
      })
  void withLoginAndTlsOrBySayingSoTheyDo(String text) {
    assertThatCode(() -> config(text).checkDoors()).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          tls.certificate-file = a                                      | tls.certificate-file
          tls.key-file = a                                              | tls.certificate-file
          access.fil = a                                                | access
          access.oidc { issuer = a }                                    | oidc.keys
          access.oidc { issuer = a, keys = "http://there.example/k" }   | oidc.keys
          access.oidc { issuer = a, keys = k, audience = "" }           | oidc.audience
          without-tls = perhaps                                         | without-tls
          """)
  void saysWhichSettingIsWrong(String text, String said) {
    assertThatThrownBy(() -> config(text)).hasMessageContaining(said);
  }

  @Test
  void whoAsksKnowsFromTheSameSettingsHow() {
    assertThat(config("host = 127.0.0.1, port = 81").address())
        .isEqualTo(URI.create("http://127.0.0.1:81"));
    HttpConfig encrypted =
        config("tls { certificate-file = a, key-file = b }, token = my-own-token");
    assertThat(encrypted.address("node-1:8080")).isEqualTo(URI.create("https://node-1:8080"));
    assertThat(encrypted.login().authorization()).hasValue("Bearer my-own-token");
    assertThat(encrypted.login().toString()).doesNotContain("my-own-token");
    assertThat(config("").login().authorization()).isEmpty();
  }

  private static HttpConfig config(String text) {
    return HttpConfig.from(
        ConfigFactory.parseString("spendwatch.http { " + text + " }")
            .withFallback(ServedApi.settings()));
  }
}
