package io.spendwatch.streams.database;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.net.NetClientOptions;
import io.vertx.pgclient.PgBuilder;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.PoolOptions;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A pool of connections, on event loops of their own. For any thread.
 *
 * <p>A statement ends by its answer, by the server's statement timeout, or, where the connection is
 * dead without a word, by our own deadline. After the latter, and when the server turns out to be
 * no primary any more, the whole pool is replaced: its connections cannot be told good from bad.
 */
public final class Database implements Statements {
  private static final Logger LOG = LoggerFactory.getLogger(Database.class);
  private static final int EVENT_LOOPS = 2;

  /**
   * Pools that have been closed on our side only: a connection is gone once the server has closed
   * it too, which one that hangs does not.
   */
  private static final int ABANDONED_MAX = 16;

  private final PostgresConfig config;
  private final Vertx vertx;
  private volatile Pool pool;
  private final AtomicInteger abandoned = new AtomicInteger();
  private final AtomicInteger waiting = new AtomicInteger();
  private final AtomicInteger inUse = new AtomicInteger();

  /** Why the server's certificate was not trusted, the last time that it was not. */
  private final AtomicReference<@Nullable CertificateException> refused = new AtomicReference<>();

  private Database(PostgresConfig config, Vertx vertx) {
    this.config = config;
    this.vertx = vertx;
    this.pool = newPool();
  }

  /** Ready at once; connects when first asked. To be closed by whoever opened it. */
  public static Database open(PostgresConfig config) {
    VertxOptions options =
        new VertxOptions()
            .setEventLoopPoolSize(EVENT_LOOPS)
            .setWorkerPoolSize(EVENT_LOOPS)
            .setInternalBlockingPoolSize(EVENT_LOOPS)
            .setFileSystemOptions(
                new FileSystemOptions()
                    .setFileCachingEnabled(false)
                    .setClassPathResolvingEnabled(false));
    return new Database(config, Vertx.vertx(options));
  }

  /** Completes on an event loop. */
  @Override
  public CompletionStage<RowSet<Row>> execute(String sql, Tuple parameters) {
    Pool used = pool;
    return borrow(used)
        .compose(
            connection ->
                run(used, connection, sql, parameters).eventually(() -> giveBack(connection)))
        .toCompletionStage();
  }

  /**
   * Runs several statements on one connection, in one transaction that sees the database as it was
   * at the first of them (repeatable read). It is committed when the work has completed, and rolled
   * back when that has failed or thrown.
   *
   * <p>The work must not use its statements after it has completed, nor block. When any of its
   * statements has failed, all of it has. Between two of them it may take the session's {@code
   * idle_in_transaction_session_timeout}; then the server ends it.
   *
   * @return what the work answers, once it is durable; completes on an event loop
   */
  public <T> CompletionStage<T> transaction(Function<Statements, CompletionStage<T>> work) {
    return transaction(work, new CompletableFuture<>());
  }

  /**
   * Like {@link #transaction(Function)}.
   *
   * @param unwanted completes, on any thread and whichever way, when nobody wants the answer any
   *     more: the server is told to cancel what it is at. What completes later is no matter.
   */
  public <T> CompletionStage<T> transaction(
      Function<Statements, CompletionStage<T>> work, CompletionStage<?> unwanted) {
    return transaction(work, unwanted, "COMMIT");
  }

  /**
   * Like {@link #transaction(Function, CompletionStage)}, for what only reads, and is rolled back
   * whatever comes of it: what the work has set of the session ends with it.
   */
  public <T> CompletionStage<T> rolledBack(
      Function<Statements, CompletionStage<T>> work, CompletionStage<?> unwanted) {
    return transaction(work, unwanted, "ROLLBACK");
  }

  /**
   * @param end the statement that ends it where nothing has failed
   */
  private <T> CompletionStage<T> transaction(
      Function<Statements, CompletionStage<T>> work, CompletionStage<?> unwanted, String end) {
    Pool used = pool;
    return borrow(used)
        .compose(
            connection -> {
              var cancelling = new Cancelling(connection);
              var _ = unwanted.whenComplete((_, _) -> cancelling.cancel());
              return transaction(used, connection, work, cancelling, end);
            })
        .toCompletionStage();
  }

  /**
   * Cancels what a connection is at, as long as that is what it was lent for. The request goes over
   * a connection of its own and names a session, not a statement: so the session serves nobody else
   * before it has arrived.
   */
  private static final class Cancelling {
    private final PgConnection connection;
    private @Nullable Future<Void> request;
    private boolean isOver;

    Cancelling(SqlConnection connection) {
      this.connection = PgConnection.cast(connection);
    }

    synchronized void cancel() {
      if (!isOver && request == null) {
        request = connection.cancelRequest();
      }
    }

    /** Completes when no request is on its way any more; never fails. */
    synchronized Future<Void> end() {
      isOver = true;
      return request == null ? Future.succeededFuture() : request.otherwiseEmpty();
    }

    synchronized boolean isWanted() {
      return request == null;
    }
  }

  private <T> Future<T> transaction(
      Pool used,
      SqlConnection connection,
      Function<Statements, CompletionStage<T>> work,
      Cancelling cancelling,
      String end) {
    // The server takes a COMMIT after a failure for a ROLLBACK, without a word.
    AtomicReference<@Nullable Throwable> failed = new AtomicReference<>();
    Statements statements =
        (sql, parameters) ->
            // One that was cancelled between two statements is not to begin the next.
            (cancelling.isWanted()
                    ? run(used, connection, sql, parameters)
                    : Future.<RowSet<Row>>failedFuture(
                        new CancellationException("nobody wants the answer any more")))
                .onFailure(failure -> failed.compareAndSet(null, failure))
                .toCompletionStage();
    return run(used, connection, "BEGIN ISOLATION LEVEL REPEATABLE READ", Tuple.tuple())
        .compose(
            _ -> Future.fromCompletionStage(work.apply(statements), vertx.getOrCreateContext()))
        .compose(
            answer ->
                failed.get() == null
                    ? Future.succeededFuture(answer)
                    : Future.failedFuture(failed.get()))
        .eventually(cancelling::end)
        .compose(
            answer -> run(used, connection, end, Tuple.tuple()).map(answer),
            failure ->
                run(used, connection, "ROLLBACK", Tuple.tuple())
                    .transform(_ -> Future.failedFuture(failure)))
        .eventually(() -> giveBack(connection));
  }

  /**
   * Runs statements on one connection, which nobody else uses meanwhile, outside of a transaction:
   * the work may begin some, and ends each. The session's temporary tables and advisory locks are
   * gone before the connection serves anybody else.
   *
   * <p>The work must not use its statements after it has completed, nor block.
   *
   * @return what the work answers; completes on an event loop
   */
  public <T> CompletionStage<T> session(Function<Statements, CompletionStage<T>> work) {
    Pool used = pool;
    return borrow(used).compose(connection -> session(used, connection, work)).toCompletionStage();
  }

  private <T> Future<T> session(
      Pool used, SqlConnection connection, Function<Statements, CompletionStage<T>> work) {
    Statements statements =
        (sql, parameters) -> run(used, connection, sql, parameters).toCompletionStage();
    return Future.fromCompletionStage(work.apply(statements), vertx.getOrCreateContext())
        .eventually(() -> cleared(used, connection))
        .eventually(() -> giveBack(connection));
  }

  private Future<Void> cleared(Pool used, SqlConnection connection) {
    return run(used, connection, "DISCARD TEMPORARY", Tuple.tuple())
        .compose(_ -> run(used, connection, "SELECT pg_advisory_unlock_all()", Tuple.tuple()))
        .mapEmpty();
  }

  private Future<RowSet<Row>> run(
      Pool used, SqlConnection connection, String sql, Tuple parameters) {
    return connection
        .preparedQuery(sql)
        .execute(parameters)
        .timeout(config.deadline().toMillis(), TimeUnit.MILLISECONDS)
        .onFailure(failure -> replaceIfPoisoned(used, failure));
  }

  /**
   * A connection outside the pool, for LISTEN.
   *
   * @param pool of this one, so that closing it closes the connection in whatever state it is
   */
  public record Dedicated(PgConnection connection, Pool pool) {}

  /** Fails without a try while too many connections that were given up are still open. */
  public Future<Dedicated> connect() {
    if (abandoned.get() >= ABANDONED_MAX) {
      return Future.failedFuture("the server closes none of the connections that were given up");
    }
    Pool own = newPool(config.applicationName() + "-push", 1);
    return inTime(own.getConnection())
        .map(connection -> new Dedicated(PgConnection.cast(connection), own))
        .onFailure(_ -> abandon(own));
  }

  /** Closes it, whether the server answers or not. */
  public void close(Dedicated connection) {
    abandon(connection.pool());
  }

  private Future<SqlConnection> borrow(Pool from) {
    waiting.incrementAndGet();
    return inTime(from.getConnection())
        .onComplete(_ -> waiting.decrementAndGet())
        .onSuccess(_ -> inUse.incrementAndGet());
  }

  private Future<Void> giveBack(SqlConnection connection) {
    inUse.decrementAndGet();
    return connection.close();
  }

  /** Connections that somebody works with, at most {@link PostgresConfig#poolSize()}. */
  public int connectionsInUse() {
    return inUse.get();
  }

  /** Requests that wait for a connection, or for one to be opened. */
  public int requestsWaiting() {
    return waiting.get();
  }

  /** A connection that comes too late is given back at once. */
  private Future<SqlConnection> inTime(Future<SqlConnection> connecting) {
    return connecting
        .timeout(config.connectTimeout().toMillis(), TimeUnit.MILLISECONDS)
        .onFailure(_ -> connecting.onSuccess(SqlConnection::close))
        .recover(
            failure -> Future.failedFuture(PgFailure.ofConnecting(failure, refused.get(), config)));
  }

  public Vertx vertx() {
    return vertx;
  }

  public PostgresConfig config() {
    return config;
  }

  /** Closes all connections; what is in flight fails. */
  public CompletionStage<Void> close() {
    // Not composed as Vert.x futures: they complete on the event loops that this ends.
    return pool.close()
        .toCompletionStage()
        .handle((_, _) -> null)
        .thenCompose(_ -> vertx.close().toCompletionStage());
  }

  private void replaceIfPoisoned(Pool used, Throwable failure) {
    if (!PgFailure.poisonsConnections(failure)) {
      return;
    }
    if (abandoned.get() >= ABANDONED_MAX) {
      return;
    }
    Pool fresh = newPool();
    if (replace(used, fresh)) {
      LOG.warn("Replacing the connections to {}: {}", config.address(), failure.getMessage());
      abandon(used);
    } else {
      fresh.close();
    }
  }

  /** Unless somebody has replaced it already. */
  private synchronized boolean replace(Pool used, Pool fresh) {
    if (!pool.equals(used)) {
      return false;
    }
    pool = fresh;
    return true;
  }

  private void abandon(Pool given) {
    abandoned.incrementAndGet();
    given.close().onComplete(_ -> abandoned.decrementAndGet());
  }

  /** Each look wakes an event loop: a minute does where a connection may be unused for long. */
  private static int idleLookMs(Duration idleTimeout) {
    return Math.clamp(idleTimeout.toMillis() / 4, 1_000, 60_000);
  }

  private Pool newPool() {
    return newPool(config.applicationName(), config.poolSize());
  }

  private Pool newPool(String name, int sizeMax) {
    PoolOptions options =
        new PoolOptions()
            .setMaxSize(sizeMax)
            .setMaxWaitQueueSize(config.waitQueueMax())
            // Ours instead: the pool's own timer goes off for requests that have been served.
            .setConnectionTimeout(0)
            .setIdleTimeout(Math.toIntExact(config.idleTimeout().toMillis()))
            .setIdleTimeoutUnit(TimeUnit.MILLISECONDS)
            .setPoolCleanerPeriod(idleLookMs(config.idleTimeout()))
            .setEventLoopSize(EVENT_LOOPS)
            .setName(name);
    return PgBuilder.pool()
        .with(options)
        .with(
            new NetClientOptions()
                .setConnectTimeout(Math.toIntExact(config.connectTimeout().toMillis()))
                .setTcpKeepAlive(true))
        // For each connection: passwords and certificates may have been replaced.
        .connectingTo(
            () ->
                vertx.executeBlocking(
                    () ->
                        config.connectOptions(refused::set).addProperty("application_name", name)))
        .using(vertx)
        .build();
  }
}
