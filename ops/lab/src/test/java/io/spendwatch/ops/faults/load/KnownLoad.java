package io.spendwatch.ops.faults.load;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.loadgen.cli.LoadGen;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.EventTime;
import io.spendwatch.protocol.Money;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.streams.pipeline.PipelinesBed;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/**
 * A generated data set with known answers, and duplicates in it, that is produced at a steady rate
 * whatever becomes of it, in runs of which each goes on where the last one stopped: so each fault
 * falls into the load, however long it lasts. The answers to what has been produced so far are
 * known between the runs. For one thread.
 */
public final class KnownLoad implements AutoCloseable {
  /** Name of the set. */
  public static final String SET = "faults";

  private static final String CURRENCY = "USD";
  private static final String SO_FAR = "so-far";
  private static final long TICK_MS = 5;

  private final Path directory;
  private final BufferedReader transactions;
  private final ScheduledExecutorService executor =
      Executors.newSingleThreadScheduledExecutor(Thread.ofPlatform().name("load").factory());
  private ScheduledFuture<?> run;

  // Of the executor's thread while it runs.
  private final Set<String> produced = new HashSet<>();
  private long firstEventTimeMs = Long.MIN_VALUE;
  private long lastEventTimeMs;
  private Transaction next;
  private long behindMaxNanos;

  private KnownLoad(Path directory) throws IOException {
    this.directory = directory;
    this.transactions = open(directory.resolve(SET + ".transactions.csv.gz"));
    var _ = transactions.readLine();
    this.next = read();
    this.firstEventTimeMs = next.eventTimeMs();
  }

  /**
   * Generates the set.
   *
   * @param count of transactions, without duplicates: more than the drill can take
   */
  public static KnownLoad generate(Path directory, int users, int count, long seed)
      throws IOException {
    assertThat(
            LoadGen.run(
                "generate",
                "spend",
                "--out=" + directory,
                "--set=" + SET,
                "--users=" + users,
                "--transactions=" + count,
                "--duplicates=0.05",
                "--seed=" + seed))
        .isZero();
    return new KnownLoad(directory);
  }

  /** Produces the accounts, or once more: then they change nothing. */
  public void produceAccounts(PipelinesBed bed) throws IOException {
    try (BufferedReader accounts = open(directory.resolve(SET + ".accounts.csv.gz"))) {
      accounts
          .lines()
          .skip(1)
          .map(line -> line.split(",", -1))
          .forEach(
              account ->
                  bed.send(
                      new Balance(
                          account[0],
                          account[1],
                          Money.parseMinor(account[3], CURRENCY),
                          CURRENCY,
                          firstEventTimeMs)));
    }
    bed.flush();
  }

  /** Begins to produce transactions, evenly, until {@link #stop}. The accounts must be in force. */
  public void start(PipelinesBed bed, int perSecond) {
    long startNanos = System.nanoTime();
    double nanosEach = 1e9 / perSecond;
    long[] count = new long[1];
    behindMaxNanos = 0;
    run =
        executor.scheduleAtFixedRate(
            () -> {
              long nowNanos = System.nanoTime();
              long lateNanos = nowNanos - startNanos - (long) (count[0] * nanosEach);
              behindMaxNanos = Math.max(behindMaxNanos, lateNanos);
              for (; count[0] * nanosEach <= nowNanos - startNanos; count[0]++) {
                produceNext(bed);
              }
            },
            0,
            TICK_MS,
            TimeUnit.MILLISECONDS);
  }

  /** Ends the run; returns when Kafka has all of it. */
  public void stop(PipelinesBed bed) throws Exception {
    run.cancel(false);
    // After what was under way.
    var _ = executor.submit(() -> {}).get();
    if (run.state() == Future.State.FAILED) {
      throw new ExecutionException("the load has broken off", run.exceptionNow());
    }
    bed.flush();
  }

  /** By how much the last run was behind its own schedule at most, seconds. Between the runs. */
  public double behindMaxSeconds() {
    return behindMaxNanos / 1e9;
  }

  /** How many different transactions have been produced. Between the runs. */
  public int produced() {
    return produced.size();
  }

  /**
   * The answers to what has been produced so far: a set of the same name, without its inputs.
   * Between the runs.
   *
   * @return its directory
   */
  public Path answersSoFar() throws IOException {
    Path soFar = Files.createDirectories(directory.resolve(SO_FAR));
    copy(SET + ".reference.csv.gz", soFar, row -> produced.contains(row[0]));
    copy(SET + ".alerts.csv.gz", soFar, this::isKnownSoFar);
    return soFar;
  }

  /**
   * An alert that no transaction caused is the end of an episode, as entries leave the window:
   * known once time has come so far.
   */
  private boolean isKnownSoFar(String[] alert) {
    return alert[2].isEmpty()
        ? EventTime.parseMs(alert[3]) <= lastEventTimeMs
        : produced.contains(alert[2]);
  }

  private void produceNext(PipelinesBed bed) {
    if (next == null) {
      throw new IllegalStateException("all " + produced.size() + " transactions are used up");
    }
    bed.send(next);
    produced.add(next.transactionId());
    lastEventTimeMs = Math.max(lastEventTimeMs, next.eventTimeMs());
    try {
      next = read();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Transaction read() throws IOException {
    String line = transactions.readLine();
    if (line == null) {
      return null;
    }
    String[] fields = line.split(",", -1);
    return new Transaction(
        fields[0],
        fields[1],
        Money.parseMinor(fields[4], CURRENCY),
        CURRENCY,
        EventTime.parseMs(fields[2]),
        TransactionKind.valueOf(fields[3]),
        fields[5],
        null);
  }

  private void copy(String file, Path to, Predicate<String[]> rows) throws IOException {
    try (BufferedReader in = open(directory.resolve(file));
        BufferedWriter out =
            new BufferedWriter(
                new OutputStreamWriter(
                    new GZIPOutputStream(Files.newOutputStream(to.resolve(file))), UTF_8))) {
      out.write(in.readLine() + "\n");
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (rows.test(line.split(",", -1))) {
          out.write(line + "\n");
        }
      }
    }
  }

  private static BufferedReader open(Path file) throws IOException {
    return new BufferedReader(
        new InputStreamReader(new GZIPInputStream(Files.newInputStream(file)), UTF_8));
  }

  @Override
  public void close() throws IOException {
    executor.shutdownNow();
    transactions.close();
  }
}
