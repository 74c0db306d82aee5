package io.spendwatch.ops.analysis.answer;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class AnswerTextTest {
  private static AnalysisAnswer answer(List<String> columns, List<List<Object>> rows) {
    Instant at = Instant.parse("2024-07-12T16:00:00Z");
    return new AnalysisAnswer(
        "top-merchants",
        at.minusSeconds(3600),
        at,
        columns,
        rows,
        false,
        "rollup",
        null,
        at,
        12,
        7,
        34);
  }

  @Test
  void numbersStandBelowEachOtherAndNothingIsWiderThanATerminal() {
    String table =
        AnswerText.table(
            answer(
                List.of("currency", "merchant", "purchases"),
                List.of(
                    List.of("USD", "m".repeat(300), "754.52"),
                    Arrays.asList("USD", null, "-1.00"))));
    assertThat(table.lines().limit(3)).allMatch(line -> line.length() <= 100);
    assertThat(table.lines().toList().get(1)).contains("\u2026").endsWith("   754.52");
    assertThat(table.lines().toList().get(2)).endsWith("-1.00");
    assertThat(table).contains("2 rows from the rollup as of 2024-07-12T16:00:00Z", "34 rows read");
  }

  @Test
  void whatATerminalOrASpreadsheetWouldObeyIsShown() {
    AnalysisAnswer answer =
        answer(
            List.of("merchant", "net"),
            List.of(
                List.of("\u001b[2J", "-5.00"),
                List.of("=HYPERLINK(\"x\")", "1"),
                List.of("a,b", "2")));
    assertThat(AnswerText.table(answer)).doesNotContain("\u001b");
    assertThat(AnswerText.csv(answer))
        .doesNotContain("\u001b")
        .contains("\"'=HYPERLINK(\"\"x\"\")\",1", "\"a,b\",2", ",-5.00");
  }
}
