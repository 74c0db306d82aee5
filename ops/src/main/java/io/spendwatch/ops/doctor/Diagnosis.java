package io.spendwatch.ops.doctor;

import io.spendwatch.ops.doctor.Check.Verdict;
import io.spendwatch.ops.terminal.Terminal;
import io.spendwatch.ops.terminal.Terminal.Colour;
import io.spendwatch.ops.terminal.Wrapped;
import io.spendwatch.protocol.ForeignText;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * All that was looked at.
 *
 * @param well whether all could be looked at, and nothing was found
 * @param checks in the order in which they were done
 */
public record Diagnosis(boolean well, List<Check> checks) {
  private static final int FINDINGS = 1;
  private static final int COULD_NOT_LOOK = 2;
  private static final String INDENT = "            ";
  private static final int WIDTH_MAX = 120;

  /** Of these checks. */
  public static Diagnosis of(List<Check> checks) {
    return new Diagnosis(
        checks.stream().allMatch(check -> check.verdict() == Verdict.OK), List.copyOf(checks));
  }

  /** 0 when well, 1 with findings, 2 without any where something could not be looked at. */
  public int exitStatus() {
    if (checks.stream().anyMatch(Check::isFinding)) {
      return FINDINGS;
    }
    return well ? 0 : COULD_NOT_LOOK;
  }

  /** Several lines, without a line feed at the end; the first says whether all is well. */
  public String text(Terminal terminal) {
    int width = Math.min(terminal.columns(), WIDTH_MAX);
    List<String> lines = new ArrayList<>();
    lines.add(terminal.coloured(summary(), well ? Colour.GREEN : Colour.RED));
    for (Check check : checks) {
      List<String> own = new ArrayList<>();
      own.addAll(
          Wrapped.lines(ForeignText.shown(check.name() + ": " + check.lookedAt()), INDENT, width));
      if (!check.advice().isEmpty()) {
        own.addAll(Wrapped.lines("-> " + ForeignText.shown(check.advice()), INDENT, width));
      }
      lines.add(mark(check.verdict(), terminal) + own.getFirst().substring(INDENT.length()));
      lines.addAll(own.subList(1, own.size()));
    }
    return String.join(System.lineSeparator(), lines);
  }

  private String summary() {
    if (well) {
      return String.format(Locale.ROOT, "Well: %d checks, nothing to mend", checks.size());
    }
    List<String> parts = new ArrayList<>();
    add(parts, Verdict.PROBLEM, "problem", "problems");
    add(parts, Verdict.WARNING, "warning", "warnings");
    add(parts, Verdict.COULD_NOT_LOOK, "could not be looked at", "could not be looked at");
    return String.format(
        Locale.ROOT, "Not well: %s (of %d checks)", String.join(", ", parts), checks.size());
  }

  private void add(List<String> parts, Verdict verdict, String one, String many) {
    long count = checks.stream().filter(check -> check.verdict() == verdict).count();
    if (count > 0) {
      parts.add(count + " " + (count == 1 ? one : many));
    }
  }

  private static String mark(Verdict verdict, Terminal terminal) {
    return switch (verdict) {
      case OK -> terminal.coloured("ok          ", Colour.GREEN);
      case WARNING -> terminal.coloured("warning     ", Colour.YELLOW);
      case PROBLEM -> terminal.coloured("PROBLEM     ", Colour.RED);
      case COULD_NOT_LOOK -> terminal.coloured("not looked  ", Colour.YELLOW);
    };
  }
}
