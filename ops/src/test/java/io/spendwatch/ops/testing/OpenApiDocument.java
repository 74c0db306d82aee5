package io.spendwatch.ops.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/**
 * The node's {@code openapi.yaml}, as tests use it. Fields that a schema does not name are errors
 * here: the document lets clients expect more, but what a node of this version answers is in it.
 * Thread-safe.
 */
public final class OpenApiDocument {
  private static final String RESOURCE = "/io/spendwatch/ops/api/openapi.yaml";
  private static final Set<String> METHODS = Set.of("get", "post", "put", "delete", "patch");

  private final JsonNode document;
  private final ObjectNode closed;
  private final List<Operation> operations;
  private final SchemaRegistry registry = strictRegistry();
  private final Map<JsonNode, Schema> schemas = new ConcurrentHashMap<>();

  /**
   * What can be asked.
   *
   * @param method in upper case
   * @param path with its parameters as {@code {name}}
   * @param node as in the document, with every schema closed
   */
  public record Operation(String method, String path, JsonNode node) {
    private boolean isAt(String actualPath) {
      return Pattern.matches(path.replaceAll("\\{[^}]+}", "[^/]+"), actualPath);
    }

    private int parameters() {
      return path.length() - path.replace("{", "").length();
    }
  }

  private OpenApiDocument(JsonNode document) {
    this.document = document;
    this.closed = document.deepCopy();
    close(closed);
    this.operations = operationsOf(closed);
  }

  /** Reads it from the class path. */
  public static OpenApiDocument load() {
    try (InputStream yaml = OpenApiDocument.class.getResourceAsStream(RESOURCE)) {
      return new OpenApiDocument(new YAMLMapper().readTree(yaml));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A registry of JSON Schema 2020-12 that holds texts against their formats, too. */
  public static SchemaRegistry strictRegistry() {
    return SchemaRegistry.withDefaultDialect(
        SpecificationVersion.DRAFT_2020_12,
        builder ->
            builder.schemaRegistryConfig(
                SchemaRegistryConfig.builder().formatAssertionsEnabled(true).build()));
  }

  /** As written. */
  public JsonNode json() {
    return document;
  }

  /** All of them; of two that fit a path, the one with fewer parameters first. */
  public List<Operation> operations() {
    return operations;
  }

  /** The operation of this request, if it is documented; HEAD is that of GET. */
  public Optional<Operation> operation(String method, String path) {
    String documented = method.equals("HEAD") ? "GET" : method;
    return operations.stream()
        .filter(operation -> operation.method().equals(documented) && operation.isAt(path))
        .findFirst();
  }

  /** Whether anything is documented there, by whatever method. */
  public boolean hasPath(String path) {
    return operations.stream().anyMatch(operation -> operation.isAt(path));
  }

  /** What a {@code $ref} stands for; any other node itself. */
  public JsonNode resolved(JsonNode node) {
    JsonNode reference = node.get("$ref");
    return reference == null ? node : closed.at(reference.asText().substring(1));
  }

  /** One of {@code components.schemas}. */
  public JsonNode schema(String name) {
    return closed.at("/components/schemas/" + name);
  }

  /** What is wrong with a value, by a schema out of the document; empty for nothing. */
  public List<String> faults(JsonNode schema, JsonNode value) {
    return schemas.computeIfAbsent(schema, this::compile).validate(value).stream()
        .map(Object::toString)
        .toList();
  }

  /** References point to {@code #/components}, so those go along. */
  private Schema compile(JsonNode schema) {
    ObjectNode whole = closed.objectNode();
    whole.putArray("allOf").add(schema);
    whole.set("components", closed.get("components"));
    return registry.getSchema(whole);
  }

  private static void close(JsonNode node) {
    if (node instanceof ObjectNode object
        && object.path("properties").isObject()
        && !object.has("additionalProperties")) {
      object.put("additionalProperties", false);
    }
    node.forEach(OpenApiDocument::close);
  }

  private static List<Operation> operationsOf(JsonNode document) {
    List<Operation> operations = new ArrayList<>();
    document
        .get("paths")
        .properties()
        .forEach(
            path ->
                path.getValue()
                    .properties()
                    .forEach(
                        member -> {
                          if (METHODS.contains(member.getKey())) {
                            operations.add(
                                new Operation(
                                    member.getKey().toUpperCase(Locale.ROOT),
                                    path.getKey(),
                                    member.getValue()));
                          }
                        }));
    operations.sort(Comparator.comparingInt(Operation::parameters));
    return List.copyOf(operations);
  }
}
