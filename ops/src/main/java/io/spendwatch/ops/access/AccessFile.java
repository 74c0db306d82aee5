package io.spendwatch.ops.access;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.streams.base.Renewed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A file that says whose tokens are valid:
 *
 * <pre>
 *   # name    role      SHA-256 of the token
 *   grafana   viewer    9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
 * </pre>
 *
 * <p>Who reads the file learns no token: they are random and long, so that a plain hash is enough.
 * One is valid, or no longer, {@value #LOOK_SECONDS} s after its line was written or deleted; one
 * that nobody knows has the file looked at sooner. Thread-safe.
 */
public final class AccessFile implements Callers {
  private static final int LOOK_SECONDS = 5;

  /** More than anybody keeps by hand. */
  private static final int BYTES_MAX = 1024 * 1024;

  private static final Pattern LINE =
      Pattern.compile("(?<name>[\\w.@-]{1,64})\\s+(?<role>[a-z]+)\\s+(?<hash>[0-9a-fA-F]{64})");

  private final Renewed<Map<String, Caller>> byHash;

  private AccessFile(Renewed<Map<String, Caller>> byHash) {
    this.byHash = byHash;
  }

  /**
   * Reads it. Blocks.
   *
   * @param setting that names it, for people
   * @throws IllegalArgumentException naming the file, and the line that is wrong, without its text
   */
  public static AccessFile read(String setting, String file, InstantSource clock) {
    return new AccessFile(
        Renewed.ofFiles(
            setting,
            List.of(file),
            () -> parsed(setting, file),
            Duration.ofSeconds(LOOK_SECONDS),
            clock));
  }

  /** As it stands in the file. */
  public static String hash(String token) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(token.getBytes(UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** A line of the file. */
  public static String line(String name, Role role, String token) {
    return name + " " + role.word() + " " + hash(token);
  }

  @Override
  public Optional<Caller> of(String token) {
    // How long it takes to find a hash tells nothing about a token that has it.
    Optional<Caller> known = Optional.ofNullable(byHash.get().get(hash(token)));
    if (known.isEmpty()) {
      byHash.lookSoon();
    }
    return known;
  }

  private static Map<String, Caller> parsed(String setting, String file) {
    Map<String, Caller> byHash = new HashMap<>();
    int number = 0;
    for (String line : text(setting, file).lines().map(String::strip).toList()) {
      number++;
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      Matcher parts = LINE.matcher(line);
      Optional<Role> role = parts.matches() ? Role.named(parts.group("role")) : Optional.empty();
      if (role.isEmpty()) {
        // Who puts the token itself there must not find it in a log.
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s: %s: line %d is none (expected: NAME viewer|analyst|operator"
                    + " SHA-256-OF-THE-TOKEN)",
                setting,
                file,
                number));
      }
      byHash.put(
          parts.group("hash").toLowerCase(Locale.ROOT),
          new Caller(parts.group("name"), role.get()));
    }
    return Map.copyOf(byHash);
  }

  private static String text(String setting, String file) {
    try {
      Path path = Path.of(file);
      if (Files.size(path) > BYTES_MAX) {
        throw new IllegalArgumentException(
            setting + ": " + file + " has more than " + BYTES_MAX + " bytes");
      }
      return Files.readString(path);
    } catch (IOException e) {
      String why = Files.exists(Path.of(file)) ? "cannot be read" : "is not there";
      throw new IllegalArgumentException(setting + ": " + file + " " + why, e);
    }
  }
}
