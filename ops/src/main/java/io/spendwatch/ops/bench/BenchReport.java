package io.spendwatch.ops.bench;

import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;

/**
 * What was measured, and on what.
 *
 * @param at when
 * @param machine what it ran on
 */
public record BenchReport(Instant at, Map<String, String> machine, List<Figure> figures) {

  private static final String ROW = "%-10s %-40s %14s %-9s %14s %6s";

  /** Of this JVM and the machine that it runs on. */
  public static BenchReport of(Instant at, List<Figure> figures) {
    Runtime runtime = Runtime.getRuntime();
    return new BenchReport(
        at,
        Map.of(
            "processors", Integer.toString(runtime.availableProcessors()),
            "os", System.getProperty("os.name") + " " + System.getProperty("os.arch"),
            "java", System.getProperty("java.vm.version"),
            "heapMaxMiB", Long.toString(runtime.maxMemory() >> 20)),
        figures);
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%,.1f", value);
  }

  /** A table, without a line feed at the end. */
  public String text() {
    var lines = new StringJoiner(System.lineSeparator());
    lines.add(
        "%s processors, %s, Java %s, heap at most %s MiB"
            .formatted(
                machine.get("processors"),
                machine.get("os"),
                machine.get("java"),
                machine.get("heapMaxMiB")));
    lines.add(
        String.format(Locale.ROOT, ROW, "", "", "", "", "held against", "ratio").stripTrailing());
    String check = "";
    for (Figure figure : figures) {
      if (!figure.check().equals(check)) {
        check = figure.check();
        lines.add("%-10s checked: %s".formatted(figure.benchmark(), check));
      }
      lines.add(
          String.format(
                  Locale.ROOT,
                  ROW,
                  figure.benchmark(),
                  figure.name(),
                  number(figure.value()),
                  figure.unit(),
                  figure.reference() == null ? "" : number(figure.reference()),
                  figure.ratio() == null ? "" : String.format(Locale.ROOT, "%.2f", figure.ratio()))
              .stripTrailing());
    }
    return lines.toString();
  }
}
