package io.spendwatch.loadgen.pace;

import java.io.Console;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Shows how far a task is: a bar on a terminal, a line every few seconds elsewhere. For one thread.
 */
public interface Progress extends AutoCloseable {

  /** One more of the task's items is done. */
  void step();

  @Override
  void close();

  /**
   * Begins a task.
   *
   * @param total items of the task
   * @param err where a log file or a terminal shows it, apart from results
   */
  static Progress of(String task, long total, PrintStream err) {
    return Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent()
        ? bar(task, total, err)
        : new Lines(task, total, err, Ticker.SYSTEM);
  }

  private static Progress bar(String task, long total, PrintStream err) {
    ProgressBar bar =
        new ProgressBarBuilder()
            .setTaskName(task)
            .setInitialMax(total)
            .setStyle(ProgressBarStyle.ASCII)
            .showSpeed()
            .setConsumer(new ConsoleProgressBarConsumer(err))
            .build();
    return new Progress() {
      @Override
      public void step() {
        bar.step();
      }

      @Override
      public void close() {
        bar.close();
      }
    };
  }

  /** A line every few seconds; none for a task that is done before the first. */
  final class Lines implements Progress {
    private static final long EVERY_NANOS = Duration.ofSeconds(5).toNanos();

    private final String task;
    private final long total;
    private final PrintStream out;
    private final Ticker ticker;
    private final long startNanos;
    private long lineAtNanos;
    private long done;

    public Lines(String task, long total, PrintStream out, Ticker ticker) {
      this.task = task;
      this.total = total;
      this.out = out;
      this.ticker = ticker;
      this.startNanos = ticker.nanoTime();
      this.lineAtNanos = startNanos + EVERY_NANOS;
    }

    @Override
    public void step() {
      done++;
      long nowNanos = ticker.nanoTime();
      if (nowNanos - lineAtNanos >= 0) {
        lineAtNanos = nowNanos + EVERY_NANOS;
        double seconds = (nowNanos - startNanos) / 1e9;
        out.printf(
            Locale.ROOT,
            "%s: %,d of %,d (%.0f %%), %,.0f/s%n",
            task,
            done,
            total,
            100.0 * done / Math.max(1, total),
            done / seconds);
      }
    }

    @Override
    public void close() {}
  }
}
