package io.spendwatch.loadgen.pace;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class PaceTest {

  private final SimulatedTicker ticker = new SimulatedTicker();

  @Test
  void spacesRecordsEvenly() {
    Pace pace = Pace.perSecond(500, ticker);
    for (int i = 0; i < 1_001; i++) {
      pace.awaitTurn(0);
    }

    assertThat(ticker.secondsSinceStart()).isEqualTo(2.0);
  }

  @Test
  void makesUpForAPause() {
    Pace pace = Pace.perSecond(10, ticker);
    pace.awaitTurn(0);
    ticker.pass(1_000_000_000);
    for (int i = 1; i <= 10; i++) {
      pace.awaitTurn(0);
    }
    assertThat(ticker.secondsSinceStart()).isEqualTo(1.0);
    pace.awaitTurn(0);
    assertThat(ticker.secondsSinceStart()).isEqualTo(1.1);
  }

  @Test
  void keepsGapsOfEventTimeDividedByTheFactor() {
    Pace pace = Pace.speedup(60, ticker);
    pace.awaitTurn(1_700_000_000_000L);
    assertThat(ticker.secondsSinceStart()).isZero();
    pace.awaitTurn(1_700_000_060_000L);
    assertThat(ticker.secondsSinceStart()).isEqualTo(1.0);
    pace.awaitTurn(1_700_000_030_000L);
    assertThat(ticker.secondsSinceStart()).as("a late one is due at once").isEqualTo(1.0);
    pace.awaitTurn(1_700_000_120_000L);
    assertThat(ticker.secondsSinceStart()).isEqualTo(2.0);
  }

  @Test
  void printsALineEveryFiveSeconds() {
    var out = new ByteArrayOutputStream();
    try (var progress =
        new Progress.Lines(
            "replay", 40_000, new PrintStream(out, true, StandardCharsets.UTF_8), ticker)) {
      Pace pace = Pace.perSecond(1_000, ticker);
      for (int i = 0; i < 11_000; i++) {
        pace.awaitTurn(0);
        progress.step();
      }
    }

    assertThat(out.toString(StandardCharsets.UTF_8).lines())
        .containsExactly(
            "replay: 5,001 of 40,000 (13 %), 1,000/s", "replay: 10,001 of 40,000 (25 %), 1,000/s");
  }
}
