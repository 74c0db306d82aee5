package io.spendwatch.ops.archive;

import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.archive.days.DayVerifier.Finding;
import io.spendwatch.protocol.ForeignText;
import java.io.PrintWriter;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Compares the archive with what it should be. */
@Command(
    name = "verify",
    mixinStandardHelpOptions = true,
    exitCodeOnExecutionException = 2,
    description = {
      "Reads the archive, every byte of it, and compares it with its manifests: checksums, counts,"
          + " sums and digests of all columns. Days that are in the table, too, are compared with"
          + " it."
    },
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      "0:it is what it should be",
      "1:something is wrong; a line for each",
      "2:wrong usage, or it could not be read"
    },
    footerHeading = "%nExample:%n",
    footer = "  spendwatch archive verify 2026-03-10")
public final class ArchiveVerifyCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "DAY",
      arity = "0..1",
      description = "As 2026-03-10 (UTC); all days without.")
  private String day;

  @Option(names = "--json", description = "Print what was found as JSON.")
  private boolean json;

  /** What {@code --json} prints. */
  private record Verified(int days, List<Finding> findings) {}

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    Optional<LocalDate> only = Optional.ofNullable(day).map(text -> OpenedArchive.day(spec, text));
    List<Finding> all = new ArrayList<>();
    List<LocalDate> days = new ArrayList<>();
    try (Archive archive = OpenedArchive.open()) {
      archive.verify(
          only,
          (verified, findings) -> {
            days.add(verified);
            all.addAll(findings);
            if (!json) {
              print(out, verified, findings);
            }
          });
    }
    if (json) {
      out.println(ForeignText.inJson(Json.write(new Verified(days.size(), all))));
    } else if (days.isEmpty()) {
      out.println("there is nothing in the archive");
    }
    return all.isEmpty() ? 0 : 1;
  }

  private static void print(PrintWriter out, LocalDate day, List<Finding> findings) {
    if (findings.isEmpty()) {
      out.println(day + "  well");
    }
    for (Finding finding : findings) {
      out.println(ForeignText.shown(day + "  " + finding.kind().name() + "  " + finding.detail()));
    }
    out.flush();
  }
}
