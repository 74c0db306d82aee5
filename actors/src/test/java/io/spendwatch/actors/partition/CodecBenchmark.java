package io.spendwatch.actors.partition;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.actors.exposure.Rule;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCodec;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.Decoded;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What crosses the boundary: transactions come in as JSON, alerts go out as JSON. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class CodecBenchmark {
  private static final int DIFFERENT = 1024;

  private final Transaction[] transactions = new Transaction[DIFFERENT];
  private final byte[][] keys = new byte[DIFFERENT][];
  private final byte[][] values = new byte[DIFFERENT][];
  private Alert alert;
  private int next;

  @Setup(Level.Trial)
  public void encodeSome() {
    for (int i = 0; i < DIFFERENT; i++) {
      String userId = BenchmarkData.userId(i);
      transactions[i] = BenchmarkData.purchase(i, userId, BenchmarkData.START_MS + i).transaction();
      keys[i] = userId.getBytes(UTF_8);
      values[i] = TransactionCodec.encode(transactions[i]);
    }
    alert =
        new Alert(
            "e1bdc484-4c28-8cf2-941a-b7910e080330",
            AlertType.RAISED,
            "197717f4-e607-843b-82cf-c6423de7bb4f",
            BenchmarkData.userId(1),
            "tx-1",
            75_452,
            51_629,
            "USD",
            5,
            BenchmarkData.START_MS,
            BenchmarkData.START_MS + 5,
            false,
            null,
            null,
            Rule.EXPOSURE_24H.applied(),
            new Alert.Source("transactions", 3, 1234));
  }

  @Benchmark
  public Decoded<Transaction> decodeTransaction() {
    next = (next + 1) % DIFFERENT;
    return TransactionCodec.decode(keys[next], values[next], Long.MAX_VALUE);
  }

  @Benchmark
  public byte[] encodeTransaction() {
    next = (next + 1) % DIFFERENT;
    return TransactionCodec.encode(transactions[next]);
  }

  @Benchmark
  public byte[] encodeAlert() {
    return AlertCodec.encode(alert);
  }
}
