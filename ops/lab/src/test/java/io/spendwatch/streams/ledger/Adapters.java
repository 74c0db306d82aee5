package io.spendwatch.streams.ledger;

import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.database.Statements;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;

/**
 * What works on a server in production.
 *
 * @param ledgerWithoutPartitions a ledger whose new partitions get lost: it believes to have made
 *     them
 */
record Adapters(
    Server server,
    Ledger ledger,
    Ledger ledgerWithoutPartitions,
    Layouts layouts,
    PgHistory history,
    PgAccounts accounts,
    AccountsWriter accountsWriter,
    Sources sources) {
  private static final String ENSURE_PARTITIONS = SqlText.load(Ledger.class, "ensure_partitions");

  private static final int ROWS_MAX = 5;
  private static final Timekeeper TIME = Timekeeper.real(InstantSource.system());

  static Adapters on(Server server) {
    Statements withoutPartitions =
        (sql, parameters) ->
            sql.equals(ENSURE_PARTITIONS)
                ? CompletableFuture.completedFuture(null)
                : server.execute(sql, parameters);
    return new Adapters(
        server,
        new Ledger(server, server, 1, ROWS_MAX, new UnreadableRows(), TIME),
        new Ledger(withoutPartitions, server, 1, ROWS_MAX, new UnreadableRows(), TIME),
        new Layouts(server),
        new PgHistory(server, new UnreadableRows()),
        new PgAccounts(server, new UnreadableRows()),
        new AccountsWriter(server),
        new Sources(server));
  }
}
