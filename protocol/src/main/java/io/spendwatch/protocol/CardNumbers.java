package io.spendwatch.protocol;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What looks like the number of a payment card (a PAN, ISO/IEC 7812): 13 to 19 digits, together or
 * in the groups that are printed on cards, that begin as issuers' numbers do and end with the check
 * digit that fits (Luhn). Letters and further digits beside it make it something else, such as a
 * part of a UUID or of a number that counts. Stateless.
 */
public final class CardNumbers {
  private static final int DIGITS_MIN = 13;

  private static final Pattern FORM =
      Pattern.compile(
          "(?<![0-9A-Za-z])(?:[0-9]{13,19}"
              + "|[0-9]{4}([ -])[0-9]{4}\\1[0-9]{4}\\1[0-9]{4}"
              + "|[0-9]{4}([ -])[0-9]{6}\\2[0-9]{5})(?![0-9A-Za-z])");

  /** How numbers of the schemes begin that have so many digits. */
  private static final Pattern ISSUERS =
      Pattern.compile(
          "4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})"
              + "|(?:5[1-5]|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720))[0-9]+(?<=^[0-9]{16})"
              + "|3[47][0-9]{13}"
              + "|3(?:0[0-5]|[689])[0-9]+(?<=^[0-9]{14,16})"
              + "|(?:6011|64[4-9]|65|35(?:2[89]|[3-8])|62|60|81|82|508|220[0-4])[0-9]+(?<=^[0-9]{16,19})"
              + "|(?:5018|5020|5038|5893|6304|6759|676[1-3])[0-9]+(?<=^[0-9]{13,19})");

  private CardNumbers() {}

  /** The first one in a text. Costs a look at each character, where there is none. */
  public static Optional<String> find(String text) {
    if (!hasEnoughDigits(text)) {
      return Optional.empty();
    }
    Matcher form = FORM.matcher(text);
    while (form.find()) {
      if (isNumber(form.group())) {
        return Optional.of(form.group());
      }
    }
    return Optional.empty();
  }

  /** The text with stars for all digits of such numbers but the last four. */
  public static String masked(String text) {
    return FORM.matcher(text)
        .replaceAll(
            form ->
                Matcher.quoteReplacement(
                    isNumber(form.group()) ? mask(form.group()) : form.group()));
  }

  /** Likewise, of whatever encoding has digits as ASCII has. */
  static byte[] masked(byte[] text) {
    return masked(new String(text, StandardCharsets.ISO_8859_1))
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  private static String mask(String number) {
    StringBuilder masked = new StringBuilder(number);
    for (int i = 0; i < number.length() - 4; i++) {
      if (isDigit(number.charAt(i))) {
        masked.setCharAt(i, '*');
      }
    }
    return masked.toString();
  }

  private static boolean hasEnoughDigits(String text) {
    int digits = 0;
    for (int i = 0; i < text.length() && digits < DIGITS_MIN; i++) {
      if (isDigit(text.charAt(i))) {
        digits++;
      }
    }
    return digits == DIGITS_MIN;
  }

  private static boolean isNumber(String candidate) {
    String digits = candidate.replace(" ", "").replace("-", "");
    return ISSUERS.matcher(digits).matches() && hasCheckDigit(digits);
  }

  private static boolean hasCheckDigit(String digits) {
    int sum = 0;
    for (int i = 0; i < digits.length(); i++) {
      int digit = digits.charAt(digits.length() - 1 - i) - '0';
      int doubled = 2 * digit;
      sum += i % 2 == 0 ? digit : doubled > 9 ? doubled - 9 : doubled;
    }
    return sum % 10 == 0;
  }

  private static boolean isDigit(char character) {
    return character >= '0' && character <= '9';
  }
}
