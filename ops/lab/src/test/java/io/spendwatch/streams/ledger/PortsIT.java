package io.spendwatch.streams.ledger;

import io.spendwatch.actors.exposure.Announcement;
import io.spendwatch.actors.exposure.Assessment;
import io.spendwatch.actors.exposure.Received;
import io.spendwatch.actors.ports.Accounts;
import io.spendwatch.actors.ports.History;
import io.spendwatch.actors.ports.PortsContract;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.streams.database.SqlText;
import io.vertx.sqlclient.Tuple;
import java.sql.SQLException;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The adapters on PostgreSQL keep the contract of the actors' ports; on the simulated one, too, so
 * that all of its stand-ins are held against the same.
 */
@ExtendWith(Servers.class)
class PortsIT {
  private static final List<LocalDate> DAYS =
      LocalDate.of(2024, 2, 27).datesUntil(LocalDate.of(2024, 3, 4)).toList();
  private static final String ENSURE_PARTITIONS = SqlText.load(Ledger.class, "ensure_partitions");
  private static RealServer real;

  @BeforeAll
  static void connect(TestBed bed) throws SQLException {
    real = new RealServer(bed);
  }

  @AfterAll
  static void disconnect() throws Exception {
    if (real != null) {
      real.close();
    }
  }

  @Nested
  class OnTheRealServer extends PortsContract {
    @Override
    protected Store emptyStore() throws SQLException {
      real.reset(DAYS);
      return new PgStore(real);
    }
  }

  @Nested
  class OnTheSimulatedServer extends PortsContract {
    @Override
    protected Store emptyStore() {
      SimulatedServer simulated = new SimulatedServer();
      OffsetDateTime[] days =
          DAYS.stream()
              .map(day -> day.atStartOfDay().atOffset(ZoneOffset.UTC))
              .toArray(OffsetDateTime[]::new);
      var _ = simulated.postgres().run(ENSURE_PARTITIONS, Tuple.of(days));
      return new PgStore(simulated);
    }
  }

  /** One life of a pipeline, which claims its partition and writes. */
  private static final class PgStore implements PortsContract.Store {
    private final Server server;
    private final Adapters adapters;
    private final long epoch;
    private long writes;
    private long alertSeq;
    private long nextOffset;

    PgStore(Server server) {
      this.server = server;
      this.adapters = Adapters.on(server);
      await(adapters.layouts().adopt(1));
      this.epoch = await(adapters.ledger().claim(0, "test", 0)).orElseThrow().epoch();
    }

    @Override
    public Accounts accounts() {
      return adapters.accounts();
    }

    @Override
    public History history() {
      return adapters.history();
    }

    @Override
    public void putAccount(String userId, long balanceMinor, String currency, long asOfMs) {
      server.putAccount(userId, currency, balanceMinor, asOfMs);
    }

    @Override
    public void write(
        List<Received> transactions,
        List<Assessment> assessments,
        List<Announcement> alerts,
        long streamTimeMs) {
      nextOffset += transactions.size();
      await(
          adapters
              .ledger()
              .write(
                  new LedgerBatch(
                      0,
                      epoch,
                      ++writes,
                      writes,
                      Long.MIN_VALUE,
                      streamTimeMs,
                      Long.MIN_VALUE,
                      transactions,
                      assessments,
                      alerts,
                      alertSeq,
                      0,
                      nextOffset,
                      0)));
      alertSeq += alerts.size();
    }

    private static <T> T await(CompletionStage<T> answer) {
      return answer.toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
    }
  }
}
