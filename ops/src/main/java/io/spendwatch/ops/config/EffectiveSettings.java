package io.spendwatch.ops.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import io.spendwatch.protocol.Secrets;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** The settings in force, each with where it comes from, and without secrets. Stateless. */
public final class EffectiveSettings {
  private static final String ROOT = "spendwatch";
  private static final String MASK = "\"***\"";
  private static final String VARIABLE = "env var";

  /** Of a URI: {@code //user:PASSWORD@}, and {@code password=PASSWORD} among its parameters. */
  private static final Pattern IN_URI =
      Pattern.compile("(?<=//)([^:/@\\s\"]*):[^@/\\s\"]+(?=@)|(?<=[?&]password=)[^&\\s\"]+");

  /** What gave a setting its value. */
  public enum Source {
    DEFAULT,
    FILE,
    ENVIRONMENT,
    PROPERTY,
    /** From other settings and this machine. */
    DERIVED
  }

  /**
   * A setting.
   *
   * @param value as it would be written in a file; secrets as stars
   * @param origin file and line, the variable's name, or {@code -D} and the property's name
   */
  public record Setting(String name, String value, Source source, String origin) {}

  private EffectiveSettings() {}

  /**
   * All below {@code spendwatch}, by name. Properties of the JVM that only begin with our name are
   * left out.
   */
  public static List<Setting> of(Configuration configuration) {
    Config settings = configuration.raw().getConfig(ROOT);
    Map<String, String> variables = EnvironmentVariables.bySetting();
    return settings.entrySet().stream()
        .filter(entry -> Configuration.isSetting(ConfigUtil.splitPath(entry.getKey()).getFirst()))
        .map(entry -> setting(name(entry.getKey()), entry.getValue(), variables))
        .sorted(Comparator.comparing(Setting::name))
        .toList();
  }

  private static String name(String path) {
    return ROOT + "." + String.join(".", ConfigUtil.splitPath(path));
  }

  private static Setting setting(String name, ConfigValue value, Map<String, String> variables) {
    ConfigOrigin origin = value.origin();
    Source source = source(origin);
    return new Setting(
        name,
        shown(name, value),
        source,
        source == Source.ENVIRONMENT
            ? variables.getOrDefault(name, "the environment")
            : origin(name, source, origin));
  }

  private static String shown(String name, ConfigValue value) {
    String text = value.render(ConfigRenderOptions.concise());
    if (Secrets.isTelling(name) && !text.equals("\"\"")) {
      return MASK;
    }
    return Secrets.masked(
        IN_URI
            .matcher(text)
            .replaceAll(found -> found.group(1) == null ? "***" : found.group(1) + ":***"));
  }

  private static Source source(ConfigOrigin origin) {
    String description = origin.description();
    if (description.startsWith(VARIABLE)) {
      return Source.ENVIRONMENT;
    }
    if (description.startsWith("system properties")) {
      return Source.PROPERTY;
    }
    if (origin.resource() != null || description.contains("reference.conf")) {
      return Source.DEFAULT;
    }
    return origin.filename() != null ? Source.FILE : Source.DERIVED;
  }

  private static String origin(String name, Source source, ConfigOrigin origin) {
    return switch (source) {
      case ENVIRONMENT -> "the environment";
      case PROPERTY -> "-D" + name;
      case DERIVED -> "this machine";
      case FILE -> origin.filename() + line(origin);
      case DEFAULT ->
          (origin.resource() == null ? "reference.conf" : origin.resource()) + line(origin);
    };
  }

  /** None for what several lines make up together. */
  private static String line(ConfigOrigin origin) {
    return origin.lineNumber() > 0 ? ":" + origin.lineNumber() : "";
  }
}
