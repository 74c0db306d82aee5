package io.spendwatch.ops.lab.bench;

import io.spendwatch.actors.ports.History.UserHistory;
import io.spendwatch.actors.ports.History.UserQuery;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.lab.bench.site.Installation;
import io.spendwatch.ops.lab.bench.site.Site;
import io.spendwatch.ops.lab.bench.turns.Bench;
import io.spendwatch.streams.ledger.Ledger;
import io.spendwatch.streams.ledger.PgHistory;
import io.spendwatch.streams.ledger.UnreadableRows;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/**
 * What a partition reads before its first batch, and what it reads of a user, where many alerts
 * were ever written: in turns, beside a database in which only the episodes that are open have any.
 */
final class TakeoverBenchmark {
  private static final String NAME = Benchmark.TAKEOVER.label();
  private static final int OPEN = 1_000;
  private static final int ROUNDS = 20;
  private static final String FREQUENT = "frequent";
  private static final Duration ANSWER = Duration.ofMinutes(1);
  private static final String CHECK =
      String.format(Locale.ROOT, "each time the %,d open episodes, and no other, found", OPEN);

  private final Bench bench;
  private final long alerts;

  TakeoverBenchmark(Bench bench, long alerts) {
    this.bench = bench;
    this.alerts = alerts;
  }

  List<Figure> run() {
    try (Site site = bench.site();
        Installation young = bench.installation(site, "young");
        Installation old = bench.installation(site, "old")) {
      bench.say(String.format(Locale.ROOT, "%,d alerts that are over", alerts));
      Partition without = new Partition(young, 0);
      Partition with = new Partition(old, alerts);
      // The first round warms up both.
      for (int round = 0; round <= ROUNDS; round++) {
        for (Partition each : round % 2 == 0 ? List.of(without, with) : List.of(with, without)) {
          each.measure(round > 0);
        }
      }
      return List.of(
          figure("claim", with.claims, without.claims),
          figure("open episodes read", with.starts, without.starts),
          figure("user who has had a tenth of them read", with.users, without.users));
    }
  }

  private Figure figure(String what, List<Double> with, List<Double> without) {
    return new Figure(
        NAME,
        String.format(Locale.ROOT, "%s, %,d alerts", what, alerts),
        Figure.median(with),
        "ms",
        Figure.median(without),
        CHECK);
  }

  private static <T> T await(CompletionStage<T> stage) {
    return stage.toCompletableFuture().orTimeout(ANSWER.toSeconds(), TimeUnit.SECONDS).join();
  }

  private static final class Partition {
    private final Ledger ledger;
    private final PgHistory history;
    private final long nowMs;
    private final List<Double> claims = new ArrayList<>();
    private final List<Double> starts = new ArrayList<>();
    private final List<Double> users = new ArrayList<>();

    Partition(Installation on, long over) {
      this.nowMs = on.now().toEpochMilli();
      this.ledger = on.ledger();
      this.history = new PgHistory(on.database(), new UnreadableRows());
      String now = "timestamptz '" + on.now() + "'";
      on.execute(
          alerts(now, over / 2, "RAISED", 1),
          alerts(now, over / 2, "CLEARED", 2),
          String.format(
              Locale.ROOT,
              """
              WITH raised AS (
                INSERT INTO spendwatch.alerts
                       (alert_id, type, rule, episode_id, user_id, exposure_minor, balance_minor, currency, transactions,
                        window_start, event_time, detected_at, late, kafka_topic, kafka_partition, kafka_offset, partition_seq)
                SELECT 'open-' || n, 'RAISED', 'exposure-24h', 'open-' || n, 'open-' || n, 2, 1, 'USD', 1,
                       %1$s - interval '24 hours', %1$s, %1$s, false, 'transactions', 0, 0, %2$d + n
                  FROM generate_series(1, %3$d) AS n
                RETURNING user_id, episode_id, event_time, kafka_partition
              )
              INSERT INTO spendwatch.open_episodes (user_id, episode_id, raised_at, kafka_partition)
              SELECT * FROM raised
              """,
              now,
              over + 2,
              OPEN),
          "ANALYZE spendwatch.alerts, spendwatch.open_episodes");
      on.writeDown();
    }

    /** Every tenth is of one user; an hour apart, since long before the last 48 h. */
    private static String alerts(String now, long episodes, String type, int place) {
      return String.format(
          Locale.ROOT,
          """
          INSERT INTO spendwatch.alerts
                 (alert_id, type, rule, episode_id, user_id, exposure_minor, balance_minor, currency, transactions,
                  window_start, event_time, detected_at, late, kafka_topic, kafka_partition, kafka_offset, partition_seq)
          SELECT '%2$s-' || n, '%2$s', 'exposure-24h', 'over-' || n,
                 CASE n %% 10 WHEN 0 THEN '%5$s' ELSE 'u' || n %% 100000 END, 2, 1, 'USD', 1, at - interval '24 hours', at, at, false,
                 'transactions', 0, n, 2 * n + %3$d
            FROM generate_series(1, %4$d) AS n,
                 LATERAL (SELECT %1$s - interval '4 days' - n * interval '10 s' + %3$d * interval '1 s' AS at) AS moment
          """,
          now,
          type,
          place,
          episodes,
          FREQUENT);
    }

    void measure(boolean counts) {
      long startNanos = System.nanoTime();
      var _ = await(ledger.claim(0, "bench", nowMs)).orElseThrow();
      long claimedNanos = System.nanoTime();
      var _ = await(history.partition(0));
      int open = await(history.openEpisodes(0, "", 10_000)).episodes().size();
      long readNanos = System.nanoTime();
      Map<String, UserHistory> user =
          await(history.users(List.of(new UserQuery(FREQUENT, nowMs - 172_800_000L))));
      long endNanos = System.nanoTime();
      if (open != OPEN || !user.get(FREQUENT).episodes().isEmpty()) {
        throw new OperatorException("found were " + open + " open episodes, and " + user);
      }
      if (counts) {
        claims.add((claimedNanos - startNanos) / 1e6);
        starts.add((readNanos - claimedNanos) / 1e6);
        users.add((endNanos - readNanos) / 1e6);
      }
    }
  }
}
