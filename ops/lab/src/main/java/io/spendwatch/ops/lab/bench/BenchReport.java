package io.spendwatch.ops.lab.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.common.utils.AppInfoParser;

/**
 * What was measured, on what, and with what.
 *
 * @param startedAt when it began
 * @param machine what it ran on, and how busy that was before and after
 * @param versions of what was measured, and of the servers, with settings of theirs that matter
 * @param settings of the benchmarks, by option; the seed among them
 */
public record BenchReport(
    Instant startedAt,
    Map<String, String> machine,
    Map<String, String> versions,
    Map<String, String> settings,
    List<Figure> figures) {

  /**
   * Of this JVM and the machine that it runs on.
   *
   * @param loadAverageBefore {@link #loadAverage()} when it began
   * @param home the project's root
   * @param servers versions and settings of theirs
   */
  public static BenchReport of(
      Instant startedAt,
      String loadAverageBefore,
      Path home,
      Map<String, String> servers,
      Map<String, String> settings,
      List<Figure> figures) {
    Runtime runtime = Runtime.getRuntime();
    Map<String, String> machine = new TreeMap<>();
    machine.put("processors", Integer.toString(runtime.availableProcessors()));
    machine.put("processor", processor());
    machine.put("memoryMiB", Long.toString(operatingSystem().getTotalMemorySize() >> 20));
    machine.put(
        "os",
        String.format(
            Locale.ROOT,
            "%s %s %s",
            System.getProperty("os.name"),
            System.getProperty("os.version"),
            System.getProperty("os.arch")));
    machine.put("java", System.getProperty("java.vm.version"));
    machine.put("heapMaxMiB", Long.toString(runtime.maxMemory() >> 20));
    machine.put("loadAverageBefore", loadAverageBefore);
    machine.put("loadAverageAfter", loadAverage());
    Map<String, String> versions = new TreeMap<>(servers);
    versions.put("commit", commit(home));
    versions.put("kafkaClients", AppInfoParser.getVersion());
    return new BenchReport(startedAt, machine, versions, new TreeMap<>(settings), figures);
  }

  /** Of the last minute. */
  public static String loadAverage() {
    return String.format(Locale.ROOT, "%.1f", operatingSystem().getSystemLoadAverage());
  }

  /** A table, without a line feed at the end. */
  public String text() {
    var lines = new StringJoiner(System.lineSeparator());
    lines.add(
        String.format(
            Locale.ROOT,
            "%s processors (%s), %s MiB, %s, Java %s, load average %s before and %s after",
            machine.get("processors"),
            machine.get("processor"),
            machine.get("memoryMiB"),
            machine.get("os"),
            machine.get("java"),
            machine.get("loadAverageBefore"),
            machine.get("loadAverageAfter")));
    lines.add(versions.toString());
    lines.add(row("", "", "", "", "against", "ratio"));
    figures.forEach(
        figure ->
            lines.add(
                row(
                    figure.benchmark(),
                    figure.name(),
                    number(figure.value(), 1),
                    figure.unit(),
                    number(figure.reference(), 1),
                    number(figure.ratio(), 2))));
    lines.add("Checked:");
    figures.stream()
        .map(figure -> String.format(Locale.ROOT, "%-10s %s", figure.benchmark(), figure.check()))
        .distinct()
        .forEach(lines::add);
    return lines.toString();
  }

  private static String row(Object... cells) {
    return String.format(Locale.ROOT, "%-10s %-48s %13s %-9s %13s %6s", cells).stripTrailing();
  }

  private static String number(Double value, int decimals) {
    return value == null ? "" : String.format(Locale.ROOT, "%,." + decimals + "f", value);
  }

  private static OperatingSystemMXBean operatingSystem() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
  }

  /** As Linux calls it. */
  private static String processor() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("unknown");
    } catch (IOException e) {
      return "unknown";
    }
  }

  /** Of the sources, where they are under version control. */
  private static String commit(Path home) {
    try {
      Process git =
          new ProcessBuilder("git", "-C", home.toString(), "describe", "--always", "--dirty")
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      try (var said = git.inputReader()) {
        String commit = said.readLine();
        return git.waitFor(5, TimeUnit.SECONDS) && git.exitValue() == 0 ? commit : "unknown";
      }
    } catch (IOException e) {
      return "unknown";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "unknown";
    }
  }
}
