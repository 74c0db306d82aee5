package io.spendwatch.ops.lab.demo;

import io.spendwatch.ops.terminal.Terminal;
import io.spendwatch.ops.terminal.Wrapped;
import io.spendwatch.protocol.ForeignText;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/** What happens in a demo, told on the terminal, with how long after its begin. For one thread. */
final class Narration {
  private final PrintWriter out;
  private final long startedNanos;
  private final Terminal terminal = Terminal.ofStandardOutput();

  /**
   * @param startedNanos of {@link System#nanoTime()}, when the demo began
   */
  Narration(PrintWriter out, long startedNanos) {
    this.out = out;
    this.startedNanos = startedNanos;
  }

  /** As many lines as it takes: further ones begin where the first one's text does. */
  void say(String what) {
    String when =
        String.format(
            Locale.ROOT, "[%5.1f s] ", (System.nanoTime() - startedNanos) / 1_000_000_000.0);
    List<String> lines =
        Wrapped.lines(ForeignText.shown(what), " ".repeat(when.length()), terminal.columns());
    out.println(when + String.join(System.lineSeparator(), lines).stripLeading());
    out.flush();
  }
}
