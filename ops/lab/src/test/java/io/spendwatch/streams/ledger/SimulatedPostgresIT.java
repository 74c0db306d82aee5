package io.spendwatch.streams.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.database.PgFailure;
import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.ledger.RandomCalls.Call;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Holds the {@link SimulatedPostgres} that the simulation rests on against the real one: the same
 * random calls of the production classes get the same answers from both, announce changes of the
 * same accounts, and leave the same tables.
 *
 * <p>{@code -Dspendwatch.simulated-postgres.seeds=FROM-TO} runs other seeds.
 */
@ExtendWith(Servers.class)
class SimulatedPostgresIT {
  private static final int CALLS = 40;
  private static final int ALL_HAPPENS_WITHIN = 50;
  private static final String ENSURE_PARTITIONS = SqlText.load(Ledger.class, "ensure_partitions");

  /** How the server refuses what it is asked. */
  private record Refused(String errorClass, boolean isMissingPartition) {}

  private final Map<String, Integer> happened = new TreeMap<>();

  @Test
  void answersAsTheRealOneDoes(TestBed bed) throws Exception {
    String[] range =
        System.getProperty("spendwatch.simulated-postgres.seeds", "1-200").split("-", 2);
    long from = Long.parseLong(range[0]);
    long to = Long.parseLong(range[range.length - 1]);
    long startNanos = System.nanoTime();
    try (RealServer real = new RealServer(bed)) {
      for (long seed = from; seed <= to; seed++) {
        real.reset(RandomDraw.FIRST_DAYS);
        compare(seed, real);
      }
    }
    System.out.printf(
        "Compared %d sequences in %.1f s; what happened in them: %s%n",
        to - from + 1, (System.nanoTime() - startNanos) / 1e9, happened);
    if (to - from >= ALL_HAPPENS_WITHIN) {
      assertThat(happened)
          .containsKeys(
              "write, written",
              "write, fenced",
              "write, refused",
              "write together, all written",
              "write together, some fenced",
              "write together, refused",
              "write without partitions, no partition");
    }
  }

  private void compare(long seed, RealServer real) throws Exception {
    SimulatedServer simulated = new SimulatedServer();
    OffsetDateTime[] days =
        RandomDraw.FIRST_DAYS.stream()
            .map(day -> day.atStartOfDay().atOffset(ZoneOffset.UTC))
            .toArray(OffsetDateTime[]::new);
    var _ = simulated.postgres().run(ENSURE_PARTITIONS, Tuple.of(days));
    simulated.postgres().refuse(RandomWrites.ID_TOO_LONG);

    RandomCalls calls = new RandomCalls(seed, simulated.postgres());
    List<Call> made = new ArrayList<>();
    try {
      Adapters onReal = Adapters.on(real);
      Adapters onSimulated = Adapters.on(simulated);
      for (int i = 0; i < CALLS; i++) {
        Call call = calls.next();
        made.add(call);
        Object answer = answer(call, onReal);
        assertThat(answer(call, onSimulated)).isEqualTo(answer);
        assertThat(simulated.takeAnnounced()).isEqualTo(real.takeAnnounced());
        happened.merge(call.kind() + kindOf(answer), 1, Integer::sum);
      }
      compare(real.tables(), simulated.tables());
    } catch (Exception | AssertionError e) {
      String text = made.stream().map(Call::toString).collect(Collectors.joining("\n"));
      throw new AssertionError("seed " + seed + ", after these calls:\n" + text, e);
    }
  }

  private static String kindOf(Object answer) {
    return switch (answer) {
      case null -> "";
      case Ledger.Written _ -> ", written";
      case Ledger.Fenced _ -> ", fenced";
      case RandomWrites.Together(var written, int asked) ->
          written.isEmpty()
              ? ", all fenced"
              : written.size() < asked ? ", some fenced" : ", all written";
      case Refused refused -> refused.isMissingPartition ? ", no partition" : ", refused";
      default -> "";
    };
  }

  private static void compare(Server.Tables real, Server.Tables simulated) {
    assertThat(simulated.transactions()).containsExactlyInAnyOrderElementsOf(real.transactions());
    assertThat(simulated.alerts()).isEqualTo(real.alerts());
    assertThat(simulated.accounts()).isEqualTo(real.accounts());
    assertThat(simulated.versions()).isEqualTo(real.versions());
    assertThat(simulated.pipelines()).isEqualTo(real.pipelines());
  }

  private static Object answer(Call call, Adapters on) throws Exception {
    try {
      return call.on().apply(on).toCompletableFuture().get(30, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      // A reader's failure carries the server's as its cause.
      Throwable failure = Retry.cause(e);
      while (!(failure instanceof PgException) && failure.getCause() != null) {
        failure = failure.getCause();
      }
      if (failure instanceof PgException refused) {
        return new Refused(
            refused.getSqlState().substring(0, 2), PgFailure.isMissingPartition(refused));
      }
      throw e;
    }
  }
}
