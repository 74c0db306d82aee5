package io.spendwatch.ops.config;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.streams.base.Spelling;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The variables that are settings, as the files of defaults name them. Stateless. */
public final class EnvironmentVariables {
  private static final String PREFIX = "SPENDWATCH_";
  private static final Pattern NAMED = Pattern.compile("\\$\\{\\?(SPENDWATCH_[A-Z0-9_]+)}");

  private static final Pattern OPENED = Pattern.compile("([\\w.\"-]+)\\s*=?\\s*\\{");
  private static final Pattern TAKEN =
      Pattern.compile("([\\w.\"-]+)\\s*=\\s*\\$\\{\\?(SPENDWATCH_[A-Z0-9_]+)}");

  /** Those of the launcher, of logging, and of whoever sources a sandbox's lines. */
  private static final Set<String> OTHERS =
      Set.of(
          "SPENDWATCH_CONFIG",
          "SPENDWATCH_JAVA_OPTS",
          "SPENDWATCH_LOG_LEVEL",
          "SPENDWATCH_LOG_FORMAT",
          "SPENDWATCH_NO_BUILD",
          "SPENDWATCH_NODE_CACHE",
          "SPENDWATCH_NODE_READS_ARCHIVE");

  private EnvironmentVariables() {}

  /** All that have a meaning. */
  public static Set<String> known() {
    Set<String> known = new TreeSet<>(OTHERS);
    for (String text : defaults()) {
      Matcher named = NAMED.matcher(text);
      while (named.find()) {
        known.add(named.group(1));
      }
    }
    return known;
  }

  /**
   * By the setting that takes its value from it, the variable, as the files of defaults have it in
   * lines {@code key = ${?NAME}}.
   */
  static Map<String, String> bySetting() {
    Map<String, String> bySetting = new TreeMap<>();
    for (String text : defaults()) {
      Deque<String> sections = new ArrayDeque<>();
      for (String line : text.lines().map(String::strip).toList()) {
        Matcher opened = OPENED.matcher(line);
        Matcher taken = TAKEN.matcher(line);
        if (opened.matches()) {
          sections.addLast(opened.group(1));
        } else if (line.equals("}")) {
          sections.pollLast();
        } else if (taken.matches()) {
          String path = String.join(".", sections) + "." + taken.group(1);
          bySetting.put(path.replace("\"", ""), taken.group(2));
        }
      }
    }
    return bySetting;
  }

  private static List<String> defaults() {
    List<String> texts = new ArrayList<>();
    try {
      for (String resource : List.of("spendwatch.conf", "reference.conf", "logback.xml")) {
        for (URL each :
            Collections.list(EnvironmentVariables.class.getClassLoader().getResources(resource))) {
          try (InputStream in = each.openStream()) {
            texts.add(new String(in.readAllBytes(), StandardCharsets.UTF_8));
          }
        }
      }
      return texts;
    } catch (IOException e) {
      throw new OperatorException("the defaults cannot be read: " + e.getMessage(), e);
    }
  }

  /** Those that begin with our name and have none, with what may have been meant, or nothing. */
  public static Map<String, String> unknown(Map<String, String> environment) {
    Set<String> known = known();
    // By what comes after our name, which is half of each.
    List<String> ends = known.stream().map(name -> name.substring(PREFIX.length())).toList();
    Map<String, String> unknown = new TreeMap<>();
    environment.keySet().stream()
        .filter(name -> name.startsWith(PREFIX) && !known.contains(name))
        .forEach(
            name ->
                unknown.put(
                    name,
                    Spelling.nearest(name.substring(PREFIX.length()), ends)
                        .map(end -> PREFIX + end)
                        .orElse("")));
    return unknown;
  }
}
