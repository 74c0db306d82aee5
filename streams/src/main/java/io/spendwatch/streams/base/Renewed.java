package io.spendwatch.streams.base;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What was read from files, or from elsewhere, and is read anew where it has changed: secrets and
 * certificates are replaced while a node runs. Whoever asks has what is in force and waits for
 * nothing; when the last look is long enough ago, another one is begun behind it. What is no good
 * then leaves in force what was before, and the log says so, once. Thread-safe.
 *
 * @param <T> what is read
 */
public final class Renewed<T> {
  private static final Logger LOG = LoggerFactory.getLogger(Renewed.class);

  /** However many ask for another look, no more than one in this time: at files, and elsewhere. */
  private static final Duration SOON_AT_FILES = Duration.ofSeconds(1);

  private static final Duration SOON_ELSEWHERE = Duration.ofSeconds(10);

  private final String what;
  private final Supplier<?> stamp;
  private final Supplier<T> read;
  private final Duration interval;
  private final Duration soon;
  private final InstantSource clock;
  private final AtomicLong lookedMs;
  private volatile State<T> state;
  private volatile String failure = "";

  private record State<T>(T value, Object stamp) {}

  private Renewed(
      String what,
      Supplier<?> stamp,
      Supplier<T> read,
      Duration interval,
      Duration soon,
      InstantSource clock) {
    this.what = what;
    this.stamp = stamp;
    this.read = read;
    this.interval = interval;
    this.soon = soon;
    this.clock = clock;
    this.lookedMs = new AtomicLong(clock.millis());
    // The stamp first: what is written meanwhile is read next time.
    Object first = stamp.get();
    this.state = new State<>(read.get(), first);
  }

  /**
   * Reads at once, and again after one of the files was written. Blocks.
   *
   * @param what it is, for the log
   * @param interval between two looks at the files
   * @throws IllegalArgumentException as reading does
   */
  public static <T> Renewed<T> ofFiles(
      String what, List<String> files, Supplier<T> read, Duration interval, InstantSource clock) {
    return new Renewed<>(
        what,
        () -> files.stream().map(Renewed::writtenAt).toList(),
        read,
        interval,
        SOON_AT_FILES,
        clock);
  }

  /**
   * Reads at once, and again after each interval. Blocks; the rest is that of {@link #ofFiles}.
   *
   * @param what it is, for the log
   */
  public static <T> Renewed<T> each(
      String what, Supplier<T> read, Duration interval, InstantSource clock) {
    return new Renewed<>(what, Object::new, read, interval, SOON_ELSEWHERE, clock);
  }

  /** What is in force. */
  public T get() {
    lookAfter(interval);
    return state.value();
  }

  /** Something was asked for that is not in it, but may be by now. */
  public void lookSoon() {
    lookAfter(soon);
  }

  private void lookAfter(Duration least) {
    long nowMs = clock.millis();
    long last = lookedMs.get();
    if (nowMs - last >= least.toMillis() && lookedMs.compareAndSet(last, nowMs)) {
      Thread.ofVirtual().name("renewed").start(this::look);
    }
  }

  private synchronized void look() {
    try {
      Object now = stamp.get();
      if (!now.equals(state.stamp())) {
        T value = read.get();
        if (!value.equals(state.value())) {
          LOG.atInfo().addKeyValue("what", what).log("Read anew");
        }
        state = new State<>(value, now);
      }
      failure = "";
    } catch (RuntimeException e) {
      String reason = String.valueOf(e.getMessage());
      if (!failure.equals(reason)) {
        failure = reason;
        LOG.atWarn()
            .addKeyValue("what", what)
            .addKeyValue("reason", reason)
            .log("What was read before stays in force");
      }
    }
  }

  /** Of one that cannot be seen, who reads it will say more. */
  private static FileTime writtenAt(String file) {
    try {
      return Files.getLastModifiedTime(Path.of(file));
    } catch (IOException e) {
      return FileTime.fromMillis(0);
    }
  }
}
