package io.spendwatch.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.SpecificationVersion;
import io.spendwatch.protocol.Decoded.Rejected;
import io.spendwatch.protocol.Decoded.Valid;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What {@code contract/} tells other programs is what the codecs read and write. */
class ContractTest {
  private static final Path CONTRACT = Path.of("contract");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final SchemaRegistry REGISTRY =
      SchemaRegistry.withDefaultDialect(
          SpecificationVersion.DRAFT_2020_12,
          builder ->
              builder.schemaRegistryConfig(
                  SchemaRegistryConfig.builder().formatAssertionsEnabled(true).build()));

  private static final Schema TRANSACTION = schema("transaction");
  private static final Schema BALANCE = schema("balance");
  private static final Schema ALERT = schema("alert");
  private static final Schema SALES_METRICS = schema("sales-metrics");
  private static final Schema ALERT_HEADERS = schema("alert-headers");
  private static final Schema DEAD_LETTER_HEADERS = schema("dead-letter-headers");

  private static final long LATEST_MS = Long.MAX_VALUE;

  /** Of years that ISO 8601 writes with four digits. */
  private static final long YEAR_9999_MS = 253_402_300_799_999L;

  @Test
  void theSchemasAreSchemas() throws Exception {
    Schema jsonSchema =
        REGISTRY.getSchema(SchemaLocation.of("https://json-schema.org/draft/2020-12/schema"));
    for (Path file : files("schemas")) {
      assertThat(jsonSchema.validate(read(file))).as(file.toString()).isEmpty();
    }
  }

  static List<Path> transactionSamples() throws IOException {
    return files("samples/transactions");
  }

  @ParameterizedTest
  @MethodSource("transactionSamples")
  void aTransactionSampleDecodes(Path sample) throws Exception {
    assertThat(faults(TRANSACTION, Files.readAllBytes(sample))).isEmpty();
    assertThat(decodeTransaction(Files.readString(sample))).isInstanceOf(Valid.class);
  }

  static List<Path> balanceSamples() throws IOException {
    return files("samples/balances");
  }

  @ParameterizedTest
  @MethodSource("balanceSamples")
  void aBalanceSampleDecodes(Path sample) throws Exception {
    assertThat(faults(BALANCE, Files.readAllBytes(sample))).isEmpty();
    assertThat(decodeBalance(Files.readString(sample))).isInstanceOf(Valid.class);
  }

  static List<Path> alertSamples() throws IOException {
    return files("samples/alerts");
  }

  @ParameterizedTest
  @MethodSource("alertSamples")
  void anAlertSampleDecodes(Path sample) throws Exception {
    byte[] value = Files.readAllBytes(sample);
    assertThat(faults(ALERT, value)).isEmpty();
    Alert alert = AlertCodec.decode(value);
    assertThat(read(sample).get("excess").asText())
        .isEqualTo(
            Money.formatDifference(alert.exposureMinor(), alert.balanceMinor(), alert.currency()));
    assertThat(read(sample).get("windowStart").asText())
        .isEqualTo(EventTime.format(alert.windowStartMs()));
  }

  static List<Path> salesMetricsSamples() throws IOException {
    return files("samples/sales-metrics");
  }

  @ParameterizedTest
  @MethodSource("salesMetricsSamples")
  void aSampleOfSalesMetricsDecodes(Path sample) throws Exception {
    byte[] value = Files.readAllBytes(sample);
    assertThat(faults(SALES_METRICS, value)).isEmpty();
    SalesMetrics metrics = SalesMetricsCodec.decode(value);
    JsonNode written = JSON.readTree(SalesMetricsCodec.encode(metrics));
    for (String name : (Iterable<String>) written::fieldNames) {
      assertThat(read(sample).get(name)).as(name).isEqualTo(written.get(name));
    }
  }

  @Test
  void samplesOfDeadLettersHaveTheHeaders() throws Exception {
    assertThat(files("samples/dead-letters"))
        .isNotEmpty()
        .allSatisfy(
            sample ->
                assertThat(faults(DEAD_LETTER_HEADERS, Files.readAllBytes(sample))).isEmpty());
  }

  @Property(tries = 200)
  void aTransactionAsWrittenIsOfTheSchema(@ForAll("transactions") Transaction transaction) {
    byte[] value = TransactionCodec.encode(transaction);
    assertThat(faults(TRANSACTION, value)).isEmpty();
    assertThat(TransactionCodec.decode(transaction.userId().getBytes(UTF_8), value, LATEST_MS))
        .isEqualTo(new Valid<>(transaction));
  }

  @Property(tries = 200)
  void aBalanceAsWrittenIsOfTheSchema(@ForAll("balances") Balance balance) {
    byte[] value = BalanceCodec.encode(balance);
    assertThat(faults(BALANCE, value)).isEmpty();
    assertThat(BalanceCodec.decode(balance.userId().getBytes(UTF_8), value, LATEST_MS))
        .isEqualTo(new Valid<>(balance));
  }

  @Property(tries = 200)
  void anAlertAsWrittenIsOfTheSchema(@ForAll("alerts") Alert alert) {
    assertThat(faults(ALERT, AlertCodec.encode(alert))).isEmpty();
    assertThat(faults(ALERT_HEADERS, texts(AlertCodec.headers(alert)))).isEmpty();
  }

  @Property(tries = 200)
  void salesMetricsAsWrittenAreOfTheSchema(@ForAll("salesMetrics") SalesMetrics metrics) {
    byte[] value = SalesMetricsCodec.encode(metrics);
    assertThat(faults(SALES_METRICS, value)).isEmpty();
    assertThat(SalesMetricsCodec.decode(value)).isEqualTo(metrics);
    String merchant = metrics.merchant() == null ? "" : metrics.merchant();
    assertThat(new String(SalesMetricsCodec.key(metrics), UTF_8))
        .isEqualTo(
            EventTime.format(metrics.minuteMs()).replace(".000Z", "Z/")
                + metrics.currency()
                + "/"
                + merchant);
  }

  @Property(tries = 200)
  void aDeadLetterAsWrittenHasTheHeaders(
      @ForAll DeadLetterReason reason, @ForAll("ids") String message) {
    var bad =
        new ConsumerRecord<>(
            "transactions",
            3,
            1234,
            1_720_799_853_120L,
            TimestampType.CREATE_TIME,
            0,
            0,
            new byte[0],
            new byte[0],
            new RecordHeaders(),
            Optional.empty());
    ProducerRecord<byte[], byte[]> letter =
        DeadLetters.of(bad, "transactions.dlq", reason, message.repeat(20));
    assertThat(faults(DEAD_LETTER_HEADERS, texts(letter.headers()))).isEmpty();
    assertThat(
            faults(
                DEAD_LETTER_HEADERS, texts(DeadLetters.shortened(letter).orElse(letter).headers())))
        .isEmpty();
  }

  @Test
  void theSchemaNamesEveryReason() throws Exception {
    JsonNode reason =
        read(CONTRACT.resolve("schemas/dead-letter-headers.schema.json"))
            .at("/properties/dlq.reason/examples");
    assertThat(reason)
        .extracting(JsonNode::asText)
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(DeadLetterReason.values()).map(Enum::name).toList());
  }

  /** A producer that holds its records against the schema learns the same as from a dead letter. */
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "transactionId, null",
        "transactionId, 1",
        "transactionId, \"\"",
        "transactionId, \"a\\u0000\"",
        "userId, {}",
        "userId, \"01234567890123456789012345678901234567890123456789012345678901234\"",
        "amount, null",
        "amount, 0",
        "amount, -1",
        "amount, \"0.00\"",
        "amount, \"-1.00\"",
        "amount, \"1E2\"",
        "amount, \"1.\"",
        "amount, \".5\"",
        "amount, \"1.00000\"",
        "amount, true",
        "currency, \"usd\"",
        "currency, \"USDX\"",
        "currency, 840",
        "eventTime, null",
        "eventTime, -1",
        "eventTime, 1.5",
        "eventTime, \"2024-07-12\"",
        "eventTime, \"2024-07-12T15:57:33\"",
        "eventTime, \"2024-07-12 15:57:33Z\"",
        "eventTime, \"1720799853120\"",
        "kind, \"purchase\"",
        "kind, \"CHARGEBACK\"",
        "kind, 1",
        "merchant, 17",
        "merchant, \"a\\u0000\"",
        "originalTransactionId, \"\"",
        "originalTransactionId, []",
      })
  void whatTheSchemaOfTransactionsRefusesTheCodecRefuses(String field, String json)
      throws Exception {
    String value = with("samples/transactions/purchase.json", field, json);
    assertThat(faults(TRANSACTION, value.getBytes(UTF_8))).isNotEmpty();
    assertThat(decodeTransaction(value)).isInstanceOf(Rejected.class);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "userId, null",
        "userId, 42",
        "username, 42",
        "balance, null",
        "balance, \"+1\"",
        "balance, \"1 00\"",
        "balance, []",
        "currency, \"\"",
        "asOf, \"yesterday\"",
        "asOf, -1",
      })
  void whatTheSchemaOfBalancesRefusesTheCodecRefuses(String field, String json) throws Exception {
    String value = with("samples/balances/balance.json", field, json);
    assertThat(faults(BALANCE, value.getBytes(UTF_8))).isNotEmpty();
    assertThat(decodeBalance(value)).isInstanceOf(Rejected.class);
  }

  /** What only the codec knows: the schema does not say how many decimals a currency has. */
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "amount, \"1.005\"",
        "amount, \"99999999999999999999\"",
        "currency, \"XXX\"",
        "eventTime, \"2024-02-30T00:00:00Z\"",
      })
  void theCodecKnowsMoreThanTheSchemaCanSay(String field, String json) throws Exception {
    String value = with("samples/transactions/purchase.json", field, json);
    assertThat(faults(TRANSACTION, value.getBytes(UTF_8))).isEmpty();
    assertThat(decodeTransaction(value)).isInstanceOf(Rejected.class);
  }

  @Test
  void theAsyncApiDocumentNamesTheTopicsAndItsFilesAndExamplesAreRight() throws Exception {
    JsonNode document = new YAMLMapper().readTree(CONTRACT.resolve("asyncapi.yaml").toFile());
    assertThat(document.get("channels"))
        .extracting(channel -> channel.get("address").asText())
        .containsExactlyInAnyOrder(
            Topics.DEFAULT.transactions(),
            Topics.DEFAULT.balances(),
            Topics.DEFAULT.alerts(),
            Topics.DEFAULT.transactionsDeadLetters(),
            Topics.DEFAULT.balancesDeadLetters(),
            Topics.DEFAULT.salesMetrics());
    for (JsonNode reference : document.findValues("$ref")) {
      String target = reference.asText();
      if (target.startsWith("#/")) {
        assertThat(document.at(target.substring(1)).isMissingNode()).as(target).isFalse();
      } else {
        assertThat(CONTRACT.resolve(target)).isRegularFile();
      }
    }
    for (JsonNode message : document.at("/components/messages")) {
      for (JsonNode example : message.path("examples")) {
        for (String part : List.of("payload", "headers")) {
          if (example.has(part)) {
            Path file = CONTRACT.resolve(message.at("/" + part + "/$ref").asText());
            assertThat(REGISTRY.getSchema(read(file)).validate(example.get(part))).isEmpty();
          }
        }
      }
    }
  }

  @Provide
  Arbitrary<Transaction> transactions() {
    return Combinators.combine(
            ids(),
            ids(),
            Arbitraries.longs().between(1, Long.MAX_VALUE),
            currencies(),
            Arbitraries.longs().between(0, YEAR_9999_MS),
            Arbitraries.of(TransactionKind.class),
            texts().injectNull(0.2),
            ids().injectNull(0.2))
        .as(Transaction::new);
  }

  @Provide
  Arbitrary<Balance> balances() {
    return Combinators.combine(
            ids(),
            texts().injectNull(0.2),
            Arbitraries.longs(),
            currencies(),
            Arbitraries.longs().between(0, YEAR_9999_MS))
        .as(Balance::new);
  }

  @Provide
  Arbitrary<SalesMetrics> salesMetrics() {
    Arbitrary<BigInteger> sums =
        Arbitraries.bigIntegers().between(BigInteger.ZERO, BigInteger.TEN.pow(30));
    return Combinators.combine(
            Arbitraries.longs().between(0, YEAR_9999_MS / 60_000),
            ids().injectNull(0.2),
            currencies(),
            Arbitraries.longs().between(0, Long.MAX_VALUE),
            sums,
            sums,
            Arbitraries.longs().between(1, Long.MAX_VALUE),
            Arbitraries.longs().between(0, YEAR_9999_MS))
        .as(
            (minute, merchant, currency, count, purchases, refunds, revision, asOfMs) ->
                new SalesMetrics(
                    minute * 60_000,
                    merchant,
                    currency,
                    count,
                    purchases,
                    count / 3,
                    refunds,
                    revision,
                    asOfMs));
  }

  @Provide
  Arbitrary<Alert> alerts() {
    Arbitrary<AlertCause> causes =
        Arbitraries.of(AlertCause.EXPIRY, AlertCause.REFUND, AlertCause.BALANCE);
    return Combinators.combine(
            transactions(), Arbitraries.longs(), Arbitraries.longs(), causes.injectNull(0.3))
        .as(
            (transaction, exposureMinor, balanceMinor, cause) -> {
              AlertType type =
                  transaction.kind() == TransactionKind.REFUND
                      ? AlertType.CLEARED
                      : AlertType.RAISED;
              String episodeId =
                  AlertIds.episodeId(transaction.userId(), transaction.transactionId(), "x");
              boolean late = transaction.merchant() == null;
              return new Alert(
                  AlertIds.alertId(episodeId, type),
                  type,
                  episodeId,
                  transaction.userId(),
                  transaction.originalTransactionId(),
                  exposureMinor,
                  balanceMinor,
                  transaction.currency(),
                  (int) (transaction.amountMinor() & Integer.MAX_VALUE),
                  // Its window begins in a year that has four digits, too.
                  Math.max(transaction.eventTimeMs(), 86_400_000L),
                  transaction.eventTimeMs(),
                  late,
                  late ? transaction.transactionId() : null,
                  cause,
                  new Alert.AppliedRule("exposure-24h", 1, 86_400_000),
                  new Alert.Source("transactions", 3, transaction.amountMinor()));
            });
  }

  /** Storable, up to the last length, outside of the basic plane too. */
  @Provide
  Arbitrary<String> ids() {
    return storable(1, 64);
  }

  private static Arbitrary<String> texts() {
    return storable(0, 256);
  }

  private static Arbitrary<String> storable(int lengthMin, int lengthMax) {
    Arbitrary<String> characters =
        Arbitraries.oneOf(
            Arbitraries.chars().range('\u0001', '\ud7ff').map(String::valueOf),
            Arbitraries.of("𝄞", "\"", "\\", "\n", "é", "0"));
    return characters.list().ofMinSize(lengthMin).ofMaxSize(lengthMax).map(l -> String.join("", l));
  }

  private static Arbitrary<String> currencies() {
    return Arbitraries.of(Money.currencies().stream().sorted().toList());
  }

  private static Decoded<Transaction> decodeTransaction(String json) throws IOException {
    return TransactionCodec.decode(keyOf(json), json.getBytes(UTF_8), LATEST_MS);
  }

  private static Decoded<Balance> decodeBalance(String json) throws IOException {
    return BalanceCodec.decode(keyOf(json), json.getBytes(UTF_8), LATEST_MS);
  }

  private static byte[] keyOf(String json) throws IOException {
    return JSON.readTree(json).get("userId").asText().getBytes(UTF_8);
  }

  private static String with(String sample, String field, String json) throws IOException {
    ObjectNode value = (ObjectNode) read(CONTRACT.resolve(sample));
    value.set(field, JSON.readTree(json));
    return JSON.writeValueAsString(value);
  }

  private static List<String> faults(Schema schema, byte[] value) {
    try {
      return faults(schema, JSON.readTree(value));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static List<String> faults(Schema schema, JsonNode value) {
    return schema.validate(value).stream().map(Object::toString).toList();
  }

  private static JsonNode texts(Headers headers) {
    ObjectNode texts = JSON.createObjectNode();
    headers.forEach(header -> texts.put(header.key(), new String(header.value(), UTF_8)));
    return texts;
  }

  private static Schema schema(String name) {
    try {
      return REGISTRY.getSchema(read(CONTRACT.resolve("schemas/" + name + ".schema.json")));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static List<Path> files(String directory) throws IOException {
    try (Stream<Path> files = Files.list(CONTRACT.resolve(directory))) {
      return files.sorted().toList();
    }
  }

  private static JsonNode read(Path file) throws IOException {
    return JSON.readTree(Files.readAllBytes(file));
  }
}
