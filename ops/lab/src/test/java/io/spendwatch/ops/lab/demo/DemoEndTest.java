package io.spendwatch.ops.lab.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class DemoEndTest {
  private static final Duration AT_ONCE = Duration.ZERO;

  private final PrintWriter out = new PrintWriter(Writer.nullWriter());

  @Test
  void comesWhenTheTimeIsUp() throws InterruptedException {
    assertThat(begun(Optional.of(Duration.ofHours(1)), Duration.ZERO).comesWithin(AT_ONCE))
        .isFalse();
    assertThat(begun(Optional.of(Duration.ofHours(1)), Duration.ofHours(2)).comesWithin(AT_ONCE))
        .isTrue();
    assertThat(begun(Optional.empty(), Duration.ofDays(2)).comesWithin(AT_ONCE)).isFalse();
  }

  @Test
  void comesWhenSomebodySaysSo() throws InterruptedException {
    DemoEnd end = begun(Optional.empty(), Duration.ZERO);
    end.tell();
    assertThat(end.comesWithin(Duration.ofHours(1))).isTrue();
    assertThat(end.isToldWithin(Duration.ofHours(1))).isTrue();
  }

  @Test
  void comesWhenNobodyLooksAnyMore() throws InterruptedException {
    var gone = new PrintWriter(new Gone(), true);
    var end = new DemoEnd(Optional.empty(), System.nanoTime(), gone);
    assertThat(end.comesWithin(AT_ONCE)).isFalse();
    gone.println("to nobody");
    assertThat(end.comesWithin(AT_ONCE)).isTrue();
  }

  @Test
  void leavesTimeAfterTheTrafficToSayWhatItHasDone() {
    assertThat(begun(Optional.of(Duration.ofMinutes(1)), Duration.ZERO).trafficLeft())
        .isPositive()
        .isLessThanOrEqualTo(Duration.ofSeconds(55));
    assertThat(begun(Optional.of(Duration.ofMinutes(1)), Duration.ofSeconds(58)).trafficLeft())
        .isNegative();
    assertThat(begun(Optional.empty(), Duration.ofDays(2)).trafficLeft()).isPositive();
  }

  private DemoEnd begun(Optional<Duration> duration, Duration ago) {
    return new DemoEnd(duration, System.nanoTime() - ago.toNanos(), out);
  }

  /** What nobody reads. */
  private static final class Gone extends Writer {
    @Override
    public void write(char[] text, int from, int length) throws IOException {
      throw new IOException("Broken pipe");
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
