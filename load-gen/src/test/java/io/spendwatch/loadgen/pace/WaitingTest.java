package io.spendwatch.loadgen.pace;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class WaitingTest {
  private final SimulatedTicker ticker = new SimulatedTicker();
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  private final Waiting waiting = new Waiting(new PrintStream(said, true, UTF_8), ticker);

  @Test
  void doesNotPauseForWhatIsThere() {
    assertThat(waiting.until(Duration.ZERO, Duration.ZERO, () -> null)).isNull();
    assertThat(ticker.secondsSinceStart()).isZero();
    assertThat(said.toString(UTF_8)).isEmpty();
  }

  @Test
  void goesOnForAsLongAsSomethingMoves() {
    AtomicInteger left = new AtomicInteger(100);
    String outstanding =
        waiting.until(
            Duration.ofMillis(300),
            Waiting.FOREVER,
            () -> left.decrementAndGet() == 0 ? null : left + " to go");
    assertThat(outstanding).isNull();
    assertThat(ticker.secondsSinceStart()).isEqualTo(99 * 0.25);
  }

  @Test
  void givesUpOnceNothingHasMovedForTheTime() {
    AtomicInteger looks = new AtomicInteger();
    String outstanding =
        waiting.until(
            Duration.ofSeconds(2),
            Waiting.FOREVER,
            () -> Math.max(0, 8 - looks.getAndIncrement()) + " and something");
    assertThat(outstanding).isEqualTo("0 and something");
    // The last move comes after 2 s; just over two more are the eighth pause after it and a ninth.
    assertThat(ticker.secondsSinceStart()).isEqualTo(2 + 2.25);
  }

  @Test
  void givesUpAtTheEndOfTheTimeWhateverMoves() {
    AtomicInteger looks = new AtomicInteger();
    String outstanding =
        waiting.until(
            Waiting.FOREVER, Duration.ofSeconds(1), () -> "look " + looks.incrementAndGet());
    assertThat(outstanding).isEqualTo("look 6");
    assertThat(ticker.secondsSinceStart()).isEqualTo(1.25);
  }

  @Test
  void saysWhatIsOutstandingAfterASecondAndThenEveryFive() {
    assertThat(waiting.until(Waiting.FOREVER, Duration.ofSeconds(12), () -> "a server"))
        .isEqualTo("a server");
    // After 1.25, 6.5 and 11.75 s.
    assertThat(said.toString(UTF_8).lines())
        .containsExactly("waiting: a server", "waiting: a server", "waiting: a server");
  }
}
