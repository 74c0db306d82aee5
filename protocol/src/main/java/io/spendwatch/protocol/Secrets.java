package io.spendwatch.protocol;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The secrets that this process was given, so that none of them gets into what it prints: libraries
 * repeat in their messages what they did not understand. A net below those who take care not to
 * repeat any. Thread-safe.
 */
public final class Secrets {
  private static final String MASK = "***";

  /** Shorter ones would be found in any text, and are hardly secret. */
  private static final int LENGTH_MIN = 4;

  private static final Set<String> KNOWN = ConcurrentHashMap.newKeySet();

  private static final List<String> TELLING_NAMES =
      List.of("password", "secret", "jaas", "token", "credential", "keystore.key");

  /** Of names that sound so: where tokens are to be had, and who asks for them. */
  private static final Pattern NO_TELLING_NAME = Pattern.compile(".*(endpoint.url|client.id)");

  /** What a login configuration is made of; quoted texts whole. */
  private static final Pattern LOGIN_PART = Pattern.compile("\"([^\"]*)\"|[^\\s\"';=]+");

  private static final Set<String> LOGIN_WORDS =
      Set.of("required", "requisite", "sufficient", "optional", "username", "password");

  private Secrets() {}

  /** Names that stand in most of our lines: as a password they are none. */
  private static final Set<String> NO_SECRETS = Set.of("spendwatch", "postgres", "kafka");

  /** From now on masked, where it stands as a word of its own. */
  public static void keep(String secret) {
    if (secret.length() >= LENGTH_MIN && !NO_SECRETS.contains(secret)) {
      KNOWN.add(secret);
    }
  }

  /** Those among settings, as of a Kafka client, which are known by their names. */
  public static void keepOf(Map<String, ?> settings) {
    settings.forEach(
        (name, value) -> {
          if (isTelling(name)) {
            keep(value.toString());
            if (name.toLowerCase(Locale.ROOT).contains("jaas")) {
              keepLogin(value.toString());
            }
          }
        });
  }

  /** Whether a setting of this name is a secret. The name of a file that has one is none. */
  public static boolean isTelling(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return TELLING_NAMES.stream().anyMatch(lower::contains)
        && !lower.endsWith("-file")
        && !NO_TELLING_NAME.matcher(lower).matches()
        && !lower.contains("property-files.");
  }

  /** Whatever it is made of, but for its class and its keywords: a misspelt one may be anything. */
  private static void keepLogin(String login) {
    Matcher part = LOGIN_PART.matcher(login);
    while (part.find()) {
      String word = part.group(1) == null ? part.group() : part.group(1);
      if (!word.startsWith("org.apache.kafka.") && !LOGIN_WORDS.contains(word)) {
        keep(word);
      }
    }
  }

  /** The text, with stars for each secret in it. */
  public static String masked(String text) {
    String masked = text;
    // Longer ones first: one may be a part of another.
    for (String secret :
        KNOWN.stream().sorted(Comparator.comparingInt(String::length).reversed()).toList()) {
      masked =
          Pattern.compile("(?<![A-Za-z0-9_])" + Pattern.quote(secret) + "(?![A-Za-z0-9_])")
              .matcher(masked)
              .replaceAll(Matcher.quoteReplacement(MASK));
    }
    return masked;
  }
}
