package io.spendwatch.streams.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spendwatch.actors.exposure.Assessment;
import io.spendwatch.actors.exposure.Received;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.protocol.Verdict;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.database.Statements;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class GroupCommitTest {
  private static final long EPOCH = 7;
  private static final int ROWS_MAX = 10;
  private static final Map<String, String> NAMES =
      Stream.of("write_transactions", "write_ledger", "write_again")
          .collect(Collectors.toMap(name -> SqlText.load(Ledger.class, name), name -> name));

  /** Statements that are answered when the test says so, in their order. */
  private static final class Server implements Statements {
    private record Asked(
        String sql, List<Integer> partitions, CompletableFuture<RowSet<Row>> answer) {}

    private final List<Asked> asked = new ArrayList<>();

    @Override
    public CompletionStage<RowSet<Row>> execute(String sql, Tuple parameters) {
      Asked now =
          new Asked(sql, List.of(parameters.getArrayOfIntegers(0)), new CompletableFuture<>());
      asked.add(now);
      return now.answer;
    }

    List<List<Integer>> asked() {
      return asked.stream().map(Asked::partitions).toList();
    }

    List<String> names() {
      return asked.stream().map(now -> NAMES.get(now.sql)).toList();
    }

    void grants(int statement, Integer... partitions) {
      SimulatedRows rows = new SimulatedRows();
      for (Integer partition : partitions) {
        rows.add(partition, 1L, 0L);
      }
      asked.get(statement).answer.complete(rows);
    }

    void fails(int statement, Exception failure) {
      asked.get(statement).answer.completeExceptionally(failure);
    }
  }

  /** Alarms that ring when the test says so. */
  private final class Alarms implements Timekeeper {
    @Override
    public Instant instant() {
      return Instant.EPOCH;
    }

    @Override
    public long nanoTime() {
      return 0;
    }

    @Override
    public RandomGenerator random() {
      throw new AssertionError("nothing is left to chance");
    }

    @Override
    public void schedule(long delayMs, Runnable task) {
      alarms.add(task);
    }

    @Override
    public void startThread(String name, Runnable body) {
      throw new AssertionError("no thread is needed");
    }

    @Override
    public boolean await(CompletableFuture<?> event, Duration atMost) {
      throw new AssertionError("nobody waits");
    }

    @Override
    public <T> T poll(BlockingQueue<T> queue, long atMostNanos) {
      throw new AssertionError("nobody waits");
    }
  }

  private final List<Runnable> alarms = new ArrayList<>();
  private final Server server = new Server();
  private final GroupCommit commit = new GroupCommit(server, 2, ROWS_MAX, new Alarms());

  private CompletableFuture<Ledger.Outcome> write(int partition, int rows) {
    return commit.write(batch(partition, EPOCH, rows)).toCompletableFuture();
  }

  private static LedgerBatch batch(int partition, long epoch, int rows) {
    List<Received> received =
        IntStream.range(0, rows)
            .mapToObj(
                i ->
                    new Received(
                        new Transaction(
                            "t" + i, "u", 1, "USD", i, TransactionKind.PURCHASE, null, null),
                        i))
            .toList();
    Assessment assessed = new Assessment.Stored(Verdict.CLEAR, 1, null, 0);
    return new LedgerBatch(
        partition,
        epoch,
        1,
        0,
        Long.MIN_VALUE,
        0,
        0,
        received,
        Collections.nCopies(rows, assessed),
        List.of(),
        0,
        0,
        rows,
        0);
  }

  @Test
  void whatGathersWhileAStatementIsUnderWayGoesInTheNext() {
    var first = write(0, 1);
    var second = write(1, 1);
    var third = write(2, 1);
    assertThat(server.asked()).containsExactly(List.of(0));
    server.grants(0, 0);
    assertThat(first).isCompletedWithValue(new Ledger.Written(1, 0));
    assertThat(server.asked()).containsExactly(List.of(0), List.of(1, 2));
    assertThat(second).isNotDone();
    server.grants(1, 2, 1);
    assertThat(second).isCompletedWithValue(new Ledger.Written(1, 0));
    assertThat(third).isCompletedWithValue(new Ledger.Written(1, 0));
  }

  @Test
  void waitsForThoseThatAreExpectedAndWritesThemTogether() {
    Runnable one = commit.expect();
    Runnable other = commit.expect();
    Runnable nobody = commit.expect();
    var _ = write(0, 1);
    one.run();
    assertThat(server.asked()).isEmpty();
    var _ = write(1, 1);
    other.run();
    assertThat(server.asked()).isEmpty();
    // Of this one nothing is to be written.
    nobody.run();
    assertThat(server.asked()).containsExactly(List.of(0, 1));
    assertThat(commit.isBusy()).isTrue();
    server.grants(0, 0, 1);
    assertThat(commit.isBusy()).isFalse();
  }

  @Test
  void waitsForThoseThatAreExpectedOnlyForAMoment() {
    Runnable late = commit.expect();
    var _ = write(0, 1);
    var _ = write(1, 1);
    assertThat(alarms).hasSize(1);
    alarms.removeFirst().run();
    assertThat(server.asked()).containsExactly(List.of(0, 1));
    server.grants(0, 0, 1);
    var _ = write(2, 1);
    assertThat(server.asked()).hasSize(1);
    var _ = write(3, 1);
    late.run();
    assertThat(server.asked().getLast()).containsExactly(2, 3);
    // Of a group that has started: it finds nobody.
    alarms.removeFirst().run();
    assertThat(server.asked()).hasSize(2);
  }

  @Test
  void waitsForNobodyWhereTheGroupIsLarge() {
    Runnable late = commit.expect();
    var _ = write(0, ROWS_MAX);
    assertThat(server.asked()).containsExactly(List.of(0));
    late.run();
  }

  @Test
  void whoeverHasLostItsEpochTakesNobodyWithIt() {
    var _ = write(0, 1);
    var fenced = write(1, 1);
    var granted = write(2, 1);
    server.grants(0, 0);
    server.grants(1, 2);
    assertThat(fenced).isCompletedWithValue(new Ledger.Fenced());
    assertThat(granted).isCompletedWithValue(new Ledger.Written(1, 0));
  }

  @Test
  void whatLiesInTheDataFailsItsOwnBatchAlone() {
    var _ = write(0, 1);
    var good = write(1, 1);
    var bad = write(2, 1);
    var alsoGood = write(3, 1);
    server.grants(0, 0);
    server.fails(1, new PgException("value too long", "ERROR", "22001", null));
    assertThat(server.asked().getLast()).containsExactly(1);
    server.grants(2, 1);
    server.fails(3, new PgException("value too long", "ERROR", "22001", null));
    server.grants(4, 3);
    assertThat(good).isCompletedWithValue(new Ledger.Written(1, 0));
    assertThatThrownBy(bad::join).hasCauseInstanceOf(PgException.class);
    assertThat(alsoGood).isCompletedWithValue(new Ledger.Written(1, 0));
  }

  @Test
  void aBatchThatIsThereAlreadyIsWrittenAgainByItself() {
    var lost = write(0, 1);
    server.fails(0, new IOException("connection reset"));
    assertThatThrownBy(lost::join).hasCauseInstanceOf(IOException.class);
    var again = write(0, 1);
    server.fails(1, new PgException("duplicate key value", "ERROR", "23505", null));
    server.grants(2, 0);
    assertThat(again).isCompletedWithValue(new Ledger.Written(1, 0));
    var next = write(0, 1);
    server.grants(3, 0);
    assertThat(next).isCompletedWithValue(new Ledger.Written(1, 0));
    assertThat(server.names())
        .containsExactly(
            "write_transactions", "write_transactions", "write_again", "write_transactions");
  }

  @Test
  void aServerThatGoesAwayFailsAllOfThemAndTheNextStatementStarts() {
    var _ = write(0, 1);
    var one = write(1, 1);
    var other = write(2, 1);
    server.grants(0, 0);
    var later = write(3, 1);
    server.fails(1, new IOException("connection reset"));
    assertThatThrownBy(one::join).hasCauseInstanceOf(IOException.class);
    assertThatThrownBy(other::join).hasCauseInstanceOf(IOException.class);
    assertThat(server.asked().getLast()).containsExactly(3);
    server.grants(2, 3);
    assertThat(later).isCompletedWithValue(new Ledger.Written(1, 0));
  }

  @Test
  void aServerThatGoesAwayWhileTheOneAtFaultIsLookedForFailsTheRest() {
    var _ = write(0, 1);
    var one = write(1, 1);
    var other = write(2, 1);
    server.grants(0, 0);
    server.fails(1, new PgException("value too long", "ERROR", "22001", null));
    server.fails(2, new IOException("connection reset"));
    assertThatThrownBy(one::join).hasCauseInstanceOf(IOException.class);
    assertThatThrownBy(other::join).hasCauseInstanceOf(IOException.class);
    assertThat(server.asked()).hasSize(3);
    var _ = write(3, 1);
    assertThat(server.asked().getLast()).containsExactly(3);
  }

  @Test
  void aStatementIsBoundedAndAnotherOneBeginsBesideItOnlyWhereItIsFull() {
    var _ = write(0, 1);
    var _ = write(1, ROWS_MAX - 1);
    assertThat(server.asked()).hasSize(1);
    var _ = write(2, 2);
    assertThat(server.asked()).containsExactly(List.of(0), List.of(1));
    var _ = write(3, 2 * ROWS_MAX);
    assertThat(server.asked()).hasSize(2);
    server.grants(1, 1);
    // 2 and 3 together are too many.
    assertThat(server.asked().getLast()).containsExactly(2);
    server.grants(0, 0);
    assertThat(server.asked().getLast()).containsExactly(3);
  }

  @Test
  void twoLivesOfAPartitionAreNotInOneStatement() {
    var _ = write(0, 1);
    var before = commit.write(batch(1, EPOCH, 1)).toCompletableFuture();
    var after = commit.write(batch(1, EPOCH + 1, 1)).toCompletableFuture();
    server.grants(0, 0);
    server.grants(1);
    assertThat(before).isCompletedWithValue(new Ledger.Fenced());
    server.grants(2, 1);
    assertThat(after).isCompletedWithValue(new Ledger.Written(1, 0));
    assertThat(server.asked()).containsExactly(List.of(0), List.of(1), List.of(1));
  }
}
