package io.spendwatch.streams.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.pipeline.StreamsConfig;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Servers.class)
class BalanceListenerIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Each connection lives on whichever event loop the pool gave it; the listener on one. */
  @Test
  void allOfItRunsOnOneEventLoop(TestBed bed) throws Exception {
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    var changed = new AtomicInteger();
    var lost = new AtomicInteger();
    Set<String> renamed = ConcurrentHashMap.newKeySet();
    Database database =
        Database.open(
            StreamsConfig.from(
                    ConfigFactory.parseString(
                            "spendwatch { node-id = n, postgres { uri = \"%s\", application-name = listener } }"
                                .formatted(bed.pgUri()))
                        .withFallback(ConfigFactory.defaultReferenceUnresolved())
                        .resolve())
                .postgres());
    var listener =
        new BalanceListener(
            database,
            new BalancePush.Changes() {
              @Override
              public void changed(Set<String> userIds) {
                threads.add(Thread.currentThread());
                changed.incrementAndGet();
              }

              @Override
              public void renamed(String before, String now) {
                threads.add(Thread.currentThread());
                renamed.add(before + " " + now);
              }

              @Override
              public void anyMayHaveChanged() {
                threads.add(Thread.currentThread());
                lost.incrementAndGet();
              }
            },
            new UnreadableRows());
    listener.start();
    try (Connection connection = bed.database().connect("test");
        Statement statement = connection.createStatement()) {
      statement.execute(
          "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor) VALUES ('u', 'USD', 0)");
      for (int life = 1; life <= 4; life++) {
        int lives = life;
        await().atMost(PATIENCE).until(() -> lost.get() == lives && listener.isUp());
        int before = changed.get();
        statement.execute("UPDATE spendwatch.accounts SET balance_minor = balance_minor + 1");
        await().atMost(PATIENCE).until(() -> changed.get() > before);
        statement.execute(
            "SELECT pg_notify('spendwatch_accounts', '{\"renamed\": [\"u-"
                + life
                + "\", \"it''s\"]}')");
        await().atMost(PATIENCE).until(() -> renamed.contains("u-" + lives + " it's"));
        statement.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'listener-push'");
      }
    } finally {
      listener.stop();
      database.close().toCompletableFuture().join();
    }
    assertThat(threads).hasSize(1);
  }
}
