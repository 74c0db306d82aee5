package io.spendwatch.protocol;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The known fields of one JSON object, as written: nothing is interpreted yet, because a record is
 * assessed only once the whole of it is known to be JSON.
 */
final class JsonFields {

  /** A known field; its name is a path where it lies in a nested object ({@code source.offset}). */
  record Field(int index, String name, boolean required) {}

  /**
   * The fields that a codec knows; filled while the codec's class is initialised, then constant.
   */
  static final class Shape {
    private final List<Field> fields = new ArrayList<>();
    private final Map<String, Field> byName = new HashMap<>();
    private final Set<String> nestedObjects = new HashSet<>();

    Field required(String name) {
      return add(new Field(fields.size(), name, true));
    }

    Field optional(String name) {
      return add(new Field(fields.size(), name, false));
    }

    private Field add(Field field) {
      fields.add(field);
      byName.put(field.name(), field);
      int dot = field.name().lastIndexOf('.');
      if (dot > 0) {
        nestedObjects.add(field.name().substring(0, dot));
      }
      return field;
    }

    List<Field> fields() {
      return fields;
    }
  }

  private final Shape shape;
  private final JsonToken[] tokens;
  private final String[] texts;

  private JsonFields(Shape shape) {
    this.shape = shape;
    this.tokens = new JsonToken[shape.fields.size()];
    this.texts = new String[shape.fields.size()];
  }

  /**
   * Reads all of the bytes as one JSON object.
   *
   * @throws IOException if they are anything else, or name a known field twice; its message says
   *     what is wrong
   */
  static JsonFields parse(byte[] json, Shape shape) throws IOException {
    if (!Json.isUtf8(json)) {
      throw new IOException("not UTF-8");
    }
    var fields = new JsonFields(shape);
    try (JsonParser parser = Json.FACTORY.createParser(json)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new JsonParseException(parser, "not a JSON object");
      }
      fields.readObject(parser, "");
      if (parser.nextToken() != null) {
        throw new JsonParseException(parser, "more than one JSON object");
      }
    }
    return fields;
  }

  private void readObject(JsonParser parser, String path) throws IOException {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = path.isEmpty() ? parser.currentName() : path + parser.currentName();
      JsonToken token = parser.nextToken();
      Field field = shape.byName.get(name);
      if (field != null) {
        if (tokens[field.index()] != null) {
          throw new JsonParseException(parser, "field " + name + " twice");
        }
        tokens[field.index()] = token;
        if (token.isScalarValue()) {
          texts[field.index()] = parser.getText();
        }
      } else if (token == JsonToken.START_OBJECT && shape.nestedObjects.contains(name)) {
        readObject(parser, name + ".");
        continue;
      }
      parser.skipChildren();
    }
  }

  /** Whether the field is there with another value than null. */
  boolean has(Field field) {
    JsonToken token = tokens[field.index()];
    return token != null && token != JsonToken.VALUE_NULL;
  }

  boolean isString(Field field) {
    return tokens[field.index()] == JsonToken.VALUE_STRING;
  }

  boolean isInteger(Field field) {
    return tokens[field.index()] == JsonToken.VALUE_NUMBER_INT;
  }

  boolean isNumber(Field field) {
    return isInteger(field) || tokens[field.index()] == JsonToken.VALUE_NUMBER_FLOAT;
  }

  /** The text of a string, unescaped, or of a number, as written; null for what is neither. */
  String text(Field field) {
    return texts[field.index()];
  }
}
