package io.spendwatch.streams.capture;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.streams.capture.change.LogPosition;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Ids of transactions that make up for a change of a row: the same for the same change, however
 * often it is read, and no other's. Stateless.
 */
final class CorrectionIds {
  /** Of the contract. */
  private static final int CHARACTERS_MAX = 64;

  /** 72 bits: among the changes of one row no two are alike. */
  private static final int SHORT_BYTES = 9;

  private static final int SHORT_CHARACTERS = 12;

  /** A row's id, as far as it is there, and what makes it a correction's. */
  private static final Pattern CORRECTION =
      Pattern.compile("(?s)(?:(.+)~[A-Za-z0-9_-]{12}|~[A-Za-z0-9_-]{43})");

  private CorrectionIds() {}

  /** Whether it is one of these, or looks like one. */
  static boolean isCorrection(String id) {
    return CORRECTION.matcher(id).matches();
  }

  /**
   * The id of the row that a transaction's id is of, a correction or not; empty where it is too
   * long to stand in the ids of corrections.
   */
  static Optional<String> rowId(String id) {
    String row = id;
    Matcher correction = CORRECTION.matcher(row);
    while (correction.matches()) {
      if (correction.group(1) == null) {
        return Optional.empty();
      }
      row = correction.group(1);
      correction = CORRECTION.matcher(row);
    }
    int longest = CHARACTERS_MAX - 1 - SHORT_CHARACTERS;
    return row.codePointCount(0, row.length()) <= longest ? Optional.of(row) : Optional.empty();
  }

  /**
   * The row's id, a tilde and 12 characters; where that would be too long, a tilde and 43
   * characters.
   *
   * @param part tells apart what comes of one change
   */
  static String of(String rowId, String table, LogPosition at, String part) {
    byte[] digest = sha256(table + '\n' + rowId + '\n' + at.text() + '\n' + part);
    String shortForm = rowId + "~" + text(Arrays.copyOf(digest, SHORT_BYTES));
    return shortForm.codePointCount(0, shortForm.length()) <= CHARACTERS_MAX
        ? shortForm
        : "~" + text(digest);
  }

  private static String text(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private static byte[] sha256(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
