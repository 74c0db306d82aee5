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
    for (Figure figure : figures) {
      lines.add(
          String.format(
              Locale.ROOT,
              "%-10s %-40s %,14.1f %s",
              figure.benchmark(),
              figure.name(),
              figure.value(),
              figure.unit()));
    }
    return lines.toString();
  }
}
