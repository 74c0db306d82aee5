package io.spendwatch.ops.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import io.spendwatch.actors.exposure.Rule;
import io.spendwatch.ops.audit.FindingKind;
import io.spendwatch.ops.status.NodeStatus;
import io.spendwatch.ops.testing.OpenApiDocument;
import io.spendwatch.ops.testing.OpenApiDocument.Operation;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertCodec;
import io.spendwatch.protocol.AlertIds;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.Verdict;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** The document itself; what nodes answer is held against it wherever tests ask them. */
class OpenApiTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final OpenApiDocument document = OpenApiDocument.load();

  /** By the specification's own schema, which leaves the schemas within to JSON Schema's. */
  @Test
  void isOpenApi() throws Exception {
    JsonNode official;
    try (InputStream schema = getClass().getResourceAsStream("/openapi/oas-3.1-schema.json")) {
      official = JSON.readTree(schema);
    }
    assertThat(OpenApiDocument.strictRegistry().getSchema(official).validate(document.json()))
        .isEmpty();
    Schema jsonSchema =
        OpenApiDocument.strictRegistry()
            .getSchema(SchemaLocation.of("https://json-schema.org/draft/2020-12/schema"));
    assertThat(document.json().findValues("schema"))
        .isNotEmpty()
        .allSatisfy(schema -> assertThat(jsonSchema.validate(schema)).isEmpty());
    assertThat(document.json().at("/components/schemas"))
        .isNotEmpty()
        .allSatisfy(schema -> assertThat(jsonSchema.validate(schema)).isEmpty());
  }

  @Test
  void refersToNothingThatIsNotThere() {
    assertThat(document.json().findValues("$ref"))
        .isNotEmpty()
        .allSatisfy(
            reference -> {
              assertThat(reference.asText()).startsWith("#/");
              assertThat(document.json().at(reference.asText().substring(1)).isMissingNode())
                  .as(reference.asText())
                  .isFalse();
            });
  }

  @Test
  void everyOperationHasAnIdItsPathsParametersAnAnswerAndAProblem() {
    assertThat(document.operations())
        .extracting(operation -> operation.node().path("operationId").asText())
        .doesNotContain("")
        .doesNotHaveDuplicates();
    assertThat(document.operations())
        .allSatisfy(
            operation -> {
              assertThat(pathParameters(operation)).isEqualTo(namesIn(operation.path()));
              assertThat(operation.node().get("responses").fieldNames())
                  .toIterable()
                  .anyMatch(status -> status.startsWith("2"))
                  .contains("default");
            });
  }

  private List<String> pathParameters(Operation operation) {
    JsonNode item = document.json().get("paths").get(operation.path());
    return Stream.of(item.path("parameters"), operation.node().path("parameters"))
        .flatMap(parameters -> StreamSupport.stream(parameters.spliterator(), false))
        .map(document::resolved)
        .filter(parameter -> parameter.get("in").asText().equals("path"))
        .map(parameter -> parameter.get("name").asText())
        .toList();
  }

  private static List<String> namesIn(String path) {
    return Pattern.compile("\\{([^}]+)}")
        .matcher(path)
        .results()
        .map(name -> name.group(1))
        .toList();
  }

  @Test
  void examplesAreWhatTheyAreExamplesOf() {
    List<JsonNode> described = document.json().findParents("schema");
    assertThat(described).anyMatch(media -> media.has("examples"));
    assertThat(described)
        .allSatisfy(
            media -> {
              media
                  .path("examples")
                  .forEach(example -> assertExample(media.get("schema"), example.get("value")));
              if (media.has("example")) {
                assertExample(media.get("schema"), media.get("example"));
              }
            });
    document
        .json()
        .at("/components/schemas")
        .forEach(
            schema -> schema.path("examples").forEach(example -> assertExample(schema, example)));
  }

  private void assertExample(JsonNode schema, JsonNode example) {
    assertThat(document.faults(schema, example)).as(example.toString()).isEmpty();
  }

  @Test
  void anAlertIsThatOfTheTopic() throws Exception {
    String episodeId = AlertIds.episodeId("42", AlertIds.balanceChange(1), "tx-1");
    for (AlertType type : AlertType.values()) {
      var alert =
          new Alert(
              AlertIds.alertId(episodeId, type),
              type,
              episodeId,
              "42",
              null,
              Long.MAX_VALUE,
              Long.MIN_VALUE,
              "JPY",
              3,
              1_720_799_853_120L,
              1_720_799_853_164L,
              true,
              "tx-2",
              AlertCause.BALANCE,
              Rule.EXPOSURE_24H.applied(),
              new Alert.Source("balances", 3, 1234));
      JsonNode json = JSON.readTree(new String(AlertCodec.encode(alert), UTF_8));
      assertThat(document.faults(document.schema("Alert"), json)).isEmpty();
    }
  }

  /** What this node can say is in the document; else a new constant would be found too late. */
  @Test
  void listsTheConstantsOfTheCode() {
    assertThat(constants("Verdict")).isEqualTo(names(Verdict.values()));
    assertThat(constants("AlertType")).isEqualTo(names(AlertType.values()));
    assertThat(constants("NodeState")).isEqualTo(names(NodeStatus.State.values()));
    assertThat(values(document.schema("Finding").at("/properties/kind")))
        .isEqualTo(names(FindingKind.values()));
  }

  private List<String> constants(String schema) {
    return values(document.schema(schema));
  }

  private static List<String> values(JsonNode schema) {
    return StreamSupport.stream(schema.get("enum").spliterator(), false)
        .map(JsonNode::asText)
        .toList();
  }

  private static List<String> names(Enum<?>[] constants) {
    return Arrays.stream(constants).map(Enum::name).toList();
  }
}
