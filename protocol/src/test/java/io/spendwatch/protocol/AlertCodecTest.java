package io.spendwatch.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spendwatch.protocol.AlertCodec.AlertFormatException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.common.header.Header;
import org.junit.jupiter.api.Test;

class AlertCodecTest {

  private static final Alert RAISED =
      new Alert(
          "a-1",
          AlertType.RAISED,
          "e-1",
          "42",
          "tx-1",
          75452,
          51629,
          "USD",
          5,
          Instant.parse("2024-07-12T15:57:33.120Z").toEpochMilli(),
          Instant.parse("2024-07-12T15:57:34Z").toEpochMilli(),
          false,
          null,
          null,
          new Alert.AppliedRule("exposure-24h", 1, 86_400_000),
          new Alert.Source("transactions", 3, 1234));

  private static final Alert CLEARED =
      new Alert(
          "a-2",
          AlertType.CLEARED,
          "e-1",
          "42",
          null,
          -100,
          Long.MAX_VALUE,
          "USD",
          0,
          Instant.parse("2024-07-13T15:57:33.120Z").toEpochMilli(),
          Instant.parse("2024-07-13T15:57:34.5Z").toEpochMilli(),
          true,
          "tx-9",
          AlertCause.EXPIRY,
          new Alert.AppliedRule("exposure-24h", 1, 86_400_000),
          new Alert.Source("balances", 0, Long.MAX_VALUE));

  @Test
  void writesTheContractsFieldsInItsOrder() {
    assertThat(new String(AlertCodec.encode(RAISED), UTF_8))
        .isEqualTo(
            """
            {"alertId":"a-1","type":"RAISED","rule":"exposure-24h","ruleVersion":1,\
            "episodeId":"e-1","userId":"42","transactionId":"tx-1","exposure":"754.52","balance":"516.29",\
            "excess":"238.23","currency":"USD","transactions":5,\
            "windowStart":"2024-07-11T15:57:33.120Z","eventTime":"2024-07-12T15:57:33.120Z",\
            "detectedAt":"2024-07-12T15:57:34.000Z","late":false,\
            "source":{"topic":"transactions","partition":3,"offset":1234}}""");
  }

  @Test
  void writesTheCauseOfAClearedOneAndAnExcessBeyond64Bits() {
    assertThat(new String(AlertCodec.encode(CLEARED), UTF_8))
        .contains("\"transactionId\":null,")
        .contains("\"excess\":\"-92233720368547759.07\",")
        .contains("\"late\":true,\"revealedBy\":\"tx-9\",\"cause\":\"EXPIRY\",\"source\":");
  }

  @Test
  void keepsEveryFieldOnARoundTrip() {
    assertThat(AlertCodec.decode(AlertCodec.encode(RAISED))).isEqualTo(RAISED);
    assertThat(AlertCodec.decode(AlertCodec.encode(CLEARED))).isEqualTo(CLEARED);
  }

  @Test
  void readsACauseOfALaterVersion() {
    String value = new String(AlertCodec.encode(CLEARED), UTF_8).replace("EXPIRY", "SOMETHING_NEW");
    assertThat(AlertCodec.decode(value.getBytes(UTF_8)).cause()).isEqualTo(AlertCause.OTHER);
  }

  @Test
  void carriesCloudEventsHeaders() {
    assertThat(headersOf(RAISED))
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "ce_specversion", "1.0",
                "ce_id", "a-1",
                "ce_source", "/spendwatch/exposure-24h",
                "ce_type", "spendwatch.alert.raised",
                "ce_time", "2024-07-12T15:57:34.000Z",
                "ce_subject", "42",
                "content-type", "application/json"));
    assertThat(headersOf(CLEARED)).containsEntry("ce_type", "spendwatch.alert.cleared");
  }

  @Test
  void ignoresFieldsOfLaterVersions() {
    String json = new String(AlertCodec.encode(RAISED), UTF_8);

    assertThat(
            AlertCodec.decode(
                json.replace("\"topic\"", "\"x\":[{}],\"topic\"")
                    .replace("{\"alertId\"", "{\"new\":{\"alertId\":1},\"alertId\"")
                    .getBytes(UTF_8)))
        .isEqualTo(RAISED);
  }

  @Test
  void refusesWhatIsNoAlertAndSaysWhy() {
    String json = new String(AlertCodec.encode(RAISED), UTF_8);

    assertRefused(null, "no value");
    assertRefused("[]", "not a JSON object");
    assertRefused(json.replace("\"offset\"", "\"x\""), "source.offset is missing");
    assertRefused(json.replace("\"42\"", "null"), "userId is missing");
    assertRefused(json.replace("\"42\"", "{}"), "userId is missing");
    assertRefused(json.replace("RAISED", "OPENED"), "OPENED");
    assertRefused(json.replace("516.29", "516.291"), "decimals");
    assertRefused(json.replace("2024-07-12T15:57:33", "today"), "today");
    assertRefused(json.replace("1234", "12.34"), "12.34");
  }

  private static void assertRefused(String json, String why) {
    byte[] value = json == null ? null : json.getBytes(UTF_8);
    assertThatThrownBy(() -> AlertCodec.decode(value))
        .isInstanceOf(AlertFormatException.class)
        .hasMessageContaining(why);
  }

  private static Map<String, String> headersOf(Alert alert) {
    return Arrays.stream(AlertCodec.headers(alert).toArray())
        .collect(Collectors.toMap(Header::key, header -> new String(header.value(), UTF_8)));
  }
}
