package io.spendwatch.streams.base;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValueType;
import io.spendwatch.protocol.Secrets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Reads one section of the configuration, key by key, and can tell afterwards which keys nobody
 * asked for: a misspelt key fails the start instead of being ignored. For one thread.
 */
public final class ConfigSection {
  private final String path;
  private final Config section;

  /** The same, what comes first holds: not merged, since a secret and its file belong together. */
  private final List<Config> levels;

  private final Set<String> asked = new HashSet<>();

  private ConfigSection(String path, Config... levels) {
    this.path = path;
    this.levels = List.of(levels);
    this.section = this.levels.stream().reduce(Config::withFallback).orElseThrow();
  }

  /** The section at {@code path} of the whole configuration. */
  public static ConfigSection of(Config root, String path) {
    return new ConfigSection(path, root.getConfig(path));
  }

  /** The section at {@code path}, where it is silent that at {@code otherwise}. */
  public static ConfigSection of(Config root, String path, String otherwise) {
    return new ConfigSection(path, root.getConfig(path), root.getConfig(otherwise));
  }

  /** Where it stands in the whole configuration. */
  public String path() {
    return path;
  }

  /** The section below this one. */
  public ConfigSection section(String key) {
    asked.add(key);
    return new ConfigSection(path + "." + key, section.getConfig(key));
  }

  public String string(String key) {
    asked.add(key);
    return section.getString(key);
  }

  /** Whether it is set, to anything but null. */
  public boolean has(String key) {
    asked.add(key);
    return section.hasPath(key);
  }

  /** Texts, of a list or one by itself. */
  public List<String> strings(String key) {
    asked.add(key);
    return section.getValue(key).valueType() == ConfigValueType.LIST
        ? List.copyOf(section.getStringList(key))
        : List.of(section.getString(key));
  }

  /**
   * A text that may stand in a file of its own, named by {@code key-file}: what is there holds,
   * without the line's end. Empty where neither says anything.
   *
   * @throws IllegalArgumentException naming the file that cannot be read
   */
  public String secret(String key) {
    return secretAsItIs(key).get();
  }

  /**
   * The same, as it is whenever it is asked for: a file is read again each time, for which it
   * blocks, and where it cannot be read holds what was there before.
   *
   * @throws IllegalArgumentException naming the file that cannot be read now
   */
  public Supplier<String> secretAsItIs(String key) {
    String fileKey = key + "-file";
    asked.add(key);
    asked.add(fileKey);
    for (Config level : levels) {
      if (level.hasPath(fileKey) && !level.getString(fileKey).isEmpty()) {
        return new SecretFile(path + "." + fileKey, level.getString(fileKey));
      }
      if (level.hasPath(key) && !level.getString(key).isEmpty()) {
        String secret = level.getString(key);
        return () -> secret;
      }
    }
    return () -> "";
  }

  /**
   * Texts that each stand in a file: below {@code key} each name has a file, or nothing, and what
   * is in the file is what the name is to be, without the line's end.
   *
   * @return by flat names with dots
   * @throws IllegalArgumentException naming what has no file that can be read
   */
  public Map<String, String> secrets(String key) {
    Map<String, String> secrets = new LinkedHashMap<>();
    flat(key)
        .forEach(
            (name, file) -> {
              if (!file.isEmpty()) {
                secrets.put(name, SecretFile.contents(path + "." + key + "." + name, file));
              }
            });
    Secrets.keepOf(secrets);
    return Map.copyOf(secrets);
  }

  public int integer(String key) {
    asked.add(key);
    return section.getInt(key);
  }

  public long number(String key) {
    asked.add(key);
    return section.getLong(key);
  }

  /** True or false, also as {@code yes}, {@code on} and their opposites. */
  public boolean flag(String key) {
    asked.add(key);
    return section.getBoolean(key);
  }

  /** A size such as {@code 512 KiB}, in bytes; at most 2 GiB. */
  public int bytes(String key) {
    asked.add(key);
    return Math.toIntExact(section.getBytes(key));
  }

  /** A time such as {@code 500 ms}. */
  public Duration duration(String key) {
    asked.add(key);
    return Duration.ofNanos(section.getDuration(key, TimeUnit.NANOSECONDS));
  }

  /** A day (its beginning, UTC), or an instant such as {@code 2024-07-12T15:57:33Z}. */
  public Instant instant(String key) {
    String text = string(key);
    try {
      return text.length() == "yyyy-MM-dd".length()
          ? LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant()
          : Instant.parse(text);
    } catch (DateTimeParseException e) {
      throw new IllegalArgumentException(
          path
              + "."
              + key
              + ": "
              + text
              + " (expected: a day such as 1970-01-01, or an instant such as 1970-01-01T00:00:00Z)",
          e);
    }
  }

  /** Everything below {@code key} as flat names with dots, whether they were quoted or nested. */
  public Map<String, String> flat(String key) {
    asked.add(key);
    return flat(section.getConfig(key));
  }

  /** All of the section so. */
  public Map<String, String> flat() {
    return flat(section);
  }

  private static Map<String, String> flat(Config config) {
    Map<String, String> flat = new LinkedHashMap<>();
    config
        .entrySet()
        .forEach(
            entry ->
                flat.put(
                    String.join(".", ConfigUtil.splitPath(entry.getKey())),
                    entry.getValue().unwrapped().toString()));
    return Map.copyOf(flat);
  }

  /**
   * Ends the reading.
   *
   * @throws ConfigException.BadPath naming the keys that nobody asked for
   */
  public void rejectUnknown() {
    Set<String> unknown = new TreeSet<>(section.root().keySet());
    unknown.removeAll(asked);
    if (!unknown.isEmpty()) {
      throw new ConfigException.BadPath(
          path,
          "unknown settings "
              + unknown
              + unknown.stream()
                  .flatMap(key -> Spelling.nearest(key, asked).stream())
                  .findFirst()
                  .map(meant -> " (did you mean " + meant + "? Expected: some of ")
                  .orElse(" (expected: some of ")
              + new TreeSet<>(asked)
              + ")");
    }
  }

  /**
   * Checks one setting.
   *
   * @throws IllegalArgumentException in the form {@code key: value (expected: …)}
   */
  public static void check(boolean holds, String key, Object value, String expected) {
    if (!holds) {
      throw new IllegalArgumentException(key + ": " + value + " (expected: " + expected + ")");
    }
  }

  /** Checks that a time is at least a millisecond, the smallest step of any timer here. */
  public static void checkPositive(String key, Duration value) {
    check(value.toMillis() > 0, key, value, "at least 1 ms");
  }

  /** Checks that a number is within {@code [min, max]}. */
  public static void checkRange(String key, long value, long min, long max) {
    check(value >= min && value <= max, key, value, min + ".." + max);
  }
}
