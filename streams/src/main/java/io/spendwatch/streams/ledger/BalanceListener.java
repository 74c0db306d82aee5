package io.spendwatch.streams.ledger;

import io.spendwatch.actors.ports.Accounts;
import io.spendwatch.actors.ports.Accounts.VersionsQuery;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.database.Database.Dedicated;
import io.spendwatch.streams.database.PgFailure;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.pgclient.PgNotification;
import io.vertx.sqlclient.Tuple;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hears of balance changes, which the trigger on {@code accounts} announces, and of users who are
 * stored under another id now.
 *
 * <pre>
 *   down ──connected, listening──▶ up ──connection closed, or a probe did not come back──▶ down
 * </pre>
 *
 * What was announced while it was down is lost, so each way up begins with {@link
 * Changes#anyMayHaveChanged()}. A connection can be dead without a word: a probe goes round through
 * the server at intervals. {@link #isUp()} is for any thread. The rest is confined to one event
 * loop, the listener's context: whatever comes from elsewhere, as the answers of the pool and the
 * events of its connections do, is handed over to it first; so are the calls of {@link Changes}.
 */
public final class BalanceListener implements BalancePush {
  private static final Logger LOG = LoggerFactory.getLogger(BalanceListener.class);
  private static final String CHANNEL = "spendwatch_accounts";
  private static final String MANY = "*";

  /** Of an erasure: two ids in an array, under this name. */
  private static final String RENAMED = "renamed";

  private static final SecureRandom RANDOM = new SecureRandom();

  private final Database database;
  private final Changes changes;
  private final UnreadableRows unreadable;
  private final Accounts accounts;
  private final Context context;
  private final String probeChannel =
      "spendwatch_probe_" + HexFormat.of().toHexDigits(RANDOM.nextLong());
  private @Nullable Dedicated connection;
  private boolean probeIsOut;

  /** In a row, without a probe that came back in between. */
  private int failures;

  private boolean stopped;
  private volatile boolean up;

  public BalanceListener(Database database, Changes changes, UnreadableRows unreadable) {
    this.database = database;
    this.changes = changes;
    this.unreadable = unreadable;
    this.accounts = new PgAccounts(database, unreadable);
    this.context = database.vertx().getOrCreateContext();
  }

  @Override
  public void start() {
    here(this::connect);
  }

  @Override
  public void stop() {
    here(
        () -> {
          stopped = true;
          up = false;
          if (connection != null) {
            database.close(connection);
          }
        });
  }

  @Override
  public boolean isUp() {
    return up;
  }

  private void connect() {
    if (stopped) {
      return;
    }
    database
        .connect()
        .compose(fresh -> listen(fresh).map(fresh).onFailure(_ -> database.close(fresh)))
        .onComplete(
            fresh -> here(() -> onListening(fresh)), failure -> here(() -> connectLater(failure)));
  }

  /** On the listener's event loop, after what is under way there. */
  private void here(Runnable step) {
    context.runOnContext(_ -> step.run());
  }

  private Future<?> listen(Dedicated fresh) {
    fresh
        .connection()
        .notificationHandler(notification -> here(() -> onNotification(notification)));
    return fresh
        .connection()
        .query("LISTEN " + CHANNEL + "; LISTEN " + probeChannel)
        .execute()
        .timeout(database.config().deadline().toMillis(), TimeUnit.MILLISECONDS);
  }

  private void onListening(Dedicated fresh) {
    if (stopped) {
      database.close(fresh);
      return;
    }
    connection = fresh;
    probeIsOut = false;
    fresh
        .connection()
        .exceptionHandler(failure -> here(() -> onLost(fresh, PgFailure.describe(failure))));
    fresh.connection().closeHandler(_ -> here(() -> onLost(fresh, "connection closed")));
    // In this order: whoever sees it up has been told to forget what it knew.
    changes.anyMayHaveChanged();
    up = true;
    LOG.info("Balance changes are pushed by {}", database.config().address());
    probeLater(fresh);
  }

  private void onLost(Dedicated lost, String reason) {
    if (!lost.equals(connection)) {
      return;
    }
    connection = null;
    up = false;
    database.close(lost);
    if (!stopped) {
      LOG.warn("Balance changes are not pushed, each check reads them: {}", reason);
      connectLater();
    }
  }

  private void connectLater(Throwable failure) {
    if (failures == 0) {
      LOG.warn("Balance changes are not pushed: {}", PgFailure.describe(failure));
    }
    connectLater();
  }

  private void connectLater() {
    failures++;
    database
        .vertx()
        .setTimer(
            database.config().retry().delayMs(failures, ThreadLocalRandom.current()),
            _ -> here(this::connect));
  }

  private void probeLater(Dedicated probed) {
    database
        .vertx()
        .setTimer(database.config().probeInterval().toMillis(), _ -> here(() -> probe(probed)));
  }

  private void probe(Dedicated probed) {
    if (!probed.equals(connection)) {
      return;
    }
    if (probeIsOut) {
      onLost(probed, "a probe did not come back");
      return;
    }
    probeIsOut = true;
    // A failure needs no handling: the next probe finds this one still out.
    probed.connection().preparedQuery("SELECT pg_notify($1, '')").execute(Tuple.of(probeChannel));
    lookAgainAtUnreadable();
    probeLater(probed);
  }

  /** A row may be mended by a change that is not announced, such as of {@code as_of} alone. */
  private void lookAgainAtUnreadable() {
    Set<String> before = unreadable.keys(UnreadableRows.ACCOUNTS);
    if (before.isEmpty()) {
      return;
    }
    // A failure needs no handling: the next probe looks again.
    var _ =
        accounts
            .versions(
                before.stream().map(userId -> new VersionsQuery(userId, Long.MIN_VALUE)).toList())
            .thenAccept(
                _ ->
                    here(
                        () -> {
                          before.removeAll(unreadable.keys(UnreadableRows.ACCOUNTS));
                          if (!before.isEmpty()) {
                            changes.changed(before);
                          }
                        }));
  }

  private void onNotification(PgNotification notification) {
    if (notification.getChannel().equals(probeChannel)) {
      probeIsOut = false;
      // Only now: a connection that is lost again at once must not be made anew at once.
      failures = 0;
    } else if (notification.getChannel().equals(CHANNEL)) {
      announce(notification.getPayload());
    }
  }

  private void announce(String payload) {
    if (payload.equals(MANY)) {
      changes.anyMayHaveChanged();
      return;
    }
    Set<String> userIds = new LinkedHashSet<>();
    try {
      if (payload.startsWith("{")) {
        JsonArray ids = new JsonObject(payload).getJsonArray(RENAMED);
        changes.renamed(ids.getString(0), ids.getString(1));
        return;
      }
      for (Object userId : new JsonArray(payload)) {
        userIds.add(userId.toString());
      }
    } catch (DecodeException
        | NullPointerException
        | ClassCastException
        | IndexOutOfBoundsException e) {
      LOG.warn("Not a list of user ids on {}, so any account may have changed", CHANNEL, e);
      changes.anyMayHaveChanged();
      return;
    }
    changes.changed(userIds);
  }
}
