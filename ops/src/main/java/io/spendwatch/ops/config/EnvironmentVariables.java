package io.spendwatch.ops.config;

import io.spendwatch.ops.errors.OperatorException;
import io.spendwatch.streams.base.Spelling;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
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

  /** Those of the launcher, of logging, and of whoever sources a sandbox's lines. */
  private static final Set<String> OTHERS =
      Set.of(
          "SPENDWATCH_CONFIG",
          "SPENDWATCH_JAVA_OPTS",
          "SPENDWATCH_LOG_LEVEL",
          "SPENDWATCH_LOG_FORMAT",
          "SPENDWATCH_NO_BUILD");

  private EnvironmentVariables() {}

  /** All that have a meaning. */
  public static Set<String> known() {
    Set<String> known = new TreeSet<>(OTHERS);
    try {
      for (String resource : List.of("spendwatch.conf", "reference.conf", "logback.xml")) {
        for (URL each :
            Collections.list(
                EnvironmentVariables.class.getClassLoader().getResources(resource))) {
          try (InputStream in = each.openStream()) {
            Matcher named = NAMED.matcher(new String(in.readAllBytes(), StandardCharsets.UTF_8));
            while (named.find()) {
              known.add(named.group(1));
            }
          }
        }
      }
    } catch (IOException e) {
      throw new OperatorException("the defaults cannot be read: " + e.getMessage(), e);
    }
    return known;
  }

  /** Those that begin with our name and have none, with what may have been meant, or nothing. */
  public static Map<String, String> unknown(Map<String, String> environment) {
    Set<String> known = known();
    Map<String, String> unknown = new TreeMap<>();
    environment.keySet().stream()
        .filter(name -> name.startsWith(PREFIX) && !known.contains(name))
        .forEach(name -> unknown.put(name, Spelling.nearest(name, known).orElse("")));
    return unknown;
  }
}
