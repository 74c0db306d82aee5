package io.spendwatch.ops.records;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Base64;

/**
 * A place in a list, as text that means nothing to whoever carries it: base64url of what the list
 * needs to go on. It holds a place and no filter: what it is used with may change. Stateless.
 */
public final class Cursor {
  /** No id is longer than 64 characters of at most three bytes. */
  private static final int CHARACTERS_MAX = 2_000;

  private Cursor() {}

  /**
   * Writes a place.
   *
   * @param kind of list, so that a cursor of another one is noticed
   */
  public static String of(String kind, String place) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString((kind + ":" + place).getBytes(UTF_8));
  }

  /**
   * Reads the place.
   *
   * @throws IllegalArgumentException for what {@link #of} has not written for this kind of list
   */
  public static String place(String kind, String cursor) {
    String prefix = kind + ":";
    String text = cursor.length() <= CHARACTERS_MAX ? text(cursor) : null;
    if (text == null || !text.startsWith(prefix)) {
      throw unknown();
    }
    return text.substring(prefix.length());
  }

  /** Null for what is no text in base64url. */
  private static String text(String cursor) {
    try {
      byte[] bytes = Base64.getUrlDecoder().decode(cursor);
      return UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (IllegalArgumentException | CharacterCodingException e) {
      return null;
    }
  }

  /** What to say of a cursor that is none. */
  public static IllegalArgumentException unknown() {
    return new IllegalArgumentException(
        "cursor: not one of this list (expected: what the page before had as next)");
  }
}
