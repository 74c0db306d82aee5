package io.spendwatch.streams.ledger;

import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The simulated one, which answers at once. */
final class SimulatedServer implements Server {
  private final Set<String> announced = new HashSet<>();
  private final SimulatedPostgres postgres = new SimulatedPostgres(() -> 0, announced::addAll);

  SimulatedPostgres postgres() {
    return postgres;
  }

  @Override
  public CompletionStage<RowSet<Row>> execute(String sql, Tuple parameters) {
    try {
      return CompletableFuture.completedFuture(postgres.run(sql, parameters));
    } catch (PgException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  @Override
  public void putAccount(String userId, String currency, long balanceMinor, long asOfMs) {
    postgres.putAccount(userId, currency, balanceMinor, asOfMs);
  }

  @Override
  public void removeAccount(String userId, long closedAtMs) {
    postgres.removeAccount(userId, closedAtMs);
  }

  @Override
  public Set<String> takeAnnounced() {
    Set<String> taken = Set.copyOf(announced);
    announced.clear();
    return taken;
  }

  @Override
  public Tables tables() {
    Map<Integer, PipelineRow> pipelines = new TreeMap<>();
    postgres
        .pipelines()
        .forEach(
            (partition, pipeline) ->
                pipelines.put(
                    partition,
                    new PipelineRow(
                        pipeline.epoch,
                        pipeline.streamTimeMs,
                        pipeline.alertSeq,
                        pipeline.publishedAlertSeq,
                        pipeline.writtenAt,
                        pipeline.nextOffset,
                        pipeline.publishedOffset)));
    return new Tables(
        postgres.transactions(),
        postgres.alerts(),
        Map.copyOf(postgres.accounts()),
        Map.copyOf(postgres.versions()),
        pipelines);
  }
}
