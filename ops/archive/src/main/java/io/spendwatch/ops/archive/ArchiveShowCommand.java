package io.spendwatch.ops.archive;

import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.archive.format.Manifest;
import io.spendwatch.ops.archive.format.Totals;
import io.spendwatch.protocol.ForeignText;
import java.io.PrintWriter;
import java.time.LocalDate;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows what the archive has of a day. */
@Command(
    name = "show",
    mixinStandardHelpOptions = true,
    description = "Shows what the archive has of a day: its manifest.",
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {"0:shown", "1:there is no such day, or it could not be done", "2:wrong usage"},
    footerHeading = "%nExample:%n",
    footer = "  spendwatch archive show 2026-03-10")
public final class ArchiveShowCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DAY", description = "As 2026-03-10 (UTC).")
  private String day;

  @Option(names = "--json", description = "Print the manifest as it is.")
  private boolean json;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    LocalDate of = OpenedArchive.day(spec, day);
    Manifest manifest;
    try (Archive archive = OpenedArchive.open()) {
      manifest = archive.show(of);
    }
    if (json) {
      out.println(ForeignText.inJson(Json.write(manifest)));
      return 0;
    }
    out.println(
        String.format(
            Locale.ROOT,
            "%s: revision %d, written at %s, %s",
            manifest.day(),
            manifest.revision(),
            manifest.writtenAt(),
            manifest.auditRun() == null
                ? "not audited"
                : "found clean by audit run " + manifest.auditRun()));
    manifest
        .tables()
        .forEach(
            (name, table) -> {
              out.println(
                  ForeignText.shown(
                      String.format(
                          Locale.ROOT,
                          "%s: %,d rows%s",
                          name,
                          table.totals().rows(),
                          sums(table.totals()))));
              table
                  .files()
                  .forEach(
                      file ->
                          out.println(
                              ForeignText.shown(
                                  String.format(
                                      Locale.ROOT, "  %s  %,d bytes", file.name(), file.bytes()))));
            });
    return 0;
  }

  private static String sums(Totals totals) {
    return totals.rows() == 0
        ? ""
        : totals.sums().entrySet().stream()
            .map(sum -> ", " + sum.getKey() + " " + sum.getValue())
            .collect(Collectors.joining());
  }
}
