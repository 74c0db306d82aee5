package io.spendwatch.ops.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.analysis.answer.AnalysisAnswer;
import io.spendwatch.streams.base.Timekeeper;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Histories that nobody has thought of: in a random order, and on many threads. */
class SharedReportsHistoriesTest extends SharedReportsBed {
  /** A caller, and what it is owed by what the class promises. */
  private static final class Caller {
    private final CompletableFuture<Void> gone = new CompletableFuture<>();
    private CompletableFuture<AnalysisAnswer> answer;
    private Statement waitsFor;
  }

  /** Random histories against what is promised, told anew in the simplest way. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void keepsItsPromisesWhateverTheOrder(int seed) {
    var random = new Random(seed);
    List<ReportQuestion> questions = List.of(SPEND, RANKING, SEGMENTS);
    Map<ReportQuestion, Statement> newest = new HashMap<>();
    Map<ReportQuestion, AnalysisAnswer> youngest = new HashMap<>();
    Map<ReportQuestion, Long> sinceMs = new HashMap<>();
    List<Statement> behind = new ArrayList<>();
    List<Caller> callers = new ArrayList<>();
    for (int step = 0; step < 2_000; step++) {
      String what = "seed " + seed + ", step " + step;
      ReportQuestion question = questions.get(random.nextInt(3)).normalised();
      List<Statement> open = statements.stream().filter(each -> !each.answer().isDone()).toList();
      switch (random.nextInt(6)) {
        case 0, 1, 2 -> {
          long boundMs = List.of(0L, 300L, 2_000L).get(random.nextInt(3));
          AnalysisAnswer last = youngest.get(question);
          long ageMs = last == null ? 0 : last.ageMs() + time.millis() - sinceMs.get(question);
          long keptMs = last == null ? 0 : time.millis() - sinceMs.get(question);
          long givenMs =
              last == null ? 0 : last.ageMs() > boundMs ? boundMs : boundMs - last.ageMs();
          boolean isYoung = last != null && boundMs > 0 && keptMs <= givenMs;
          boolean isJoined = boundMs > 0 && newest.containsKey(question);
          boolean isBehind = isYoung && !isJoined && last.tookMs() >= 100 && keptMs * 2 > givenMs;
          int before = statements.size();
          var caller = new Caller();
          caller.answer =
              reports
                  .answer(question, Optional.of(Duration.ofMillis(boundMs)), caller.gone)
                  .toCompletableFuture();
          boolean isBegun = isBehind || (!isYoung && !isJoined);
          assertThat(statements.size() - before).as(what).isEqualTo(isBegun ? 1 : 0);
          if (isBegun) {
            newest.put(question, statements.getLast());
          }
          if (isBehind) {
            behind.add(statements.getLast());
          }
          if (isYoung) {
            assertThat(caller.answer.join()).as(what).isEqualTo(last.withAgeMs(ageMs));
          } else {
            caller.waitsFor = newest.get(question);
            callers.add(caller);
          }
        }
        case 3 -> {
          if (!callers.isEmpty()) {
            Caller left = callers.remove(random.nextInt(callers.size()));
            left.gone.complete(null);
            assertThat(left.answer).as(what).isCompletedExceptionally();
            boolean isWanted =
                behind.contains(left.waitsFor)
                    || callers.stream().anyMatch(other -> other.waitsFor.equals(left.waitsFor));
            assertThat(left.waitsFor.unwanted().isDone()).as(what).isEqualTo(!isWanted);
            if (!isWanted) {
              boolean _ = newest.remove(left.waitsFor.question(), left.waitsFor);
            }
          }
        }
        case 4 -> pass(random.nextInt(400));
        default -> {
          if (!open.isEmpty()) {
            Statement ended = open.get(random.nextInt(open.size()));
            boolean isAnswered = random.nextInt(4) > 0 && !ended.unwanted().isDone();
            boolean _ = newest.remove(ended.question(), ended);
            if (isAnswered) {
              AnalysisAnswer answer =
                  answer(ended.question(), step, random.nextInt(500), random.nextInt(200));
              AnalysisAnswer last = youngest.get(ended.question());
              if (last == null
                  || answer.ageMs()
                      <= last.ageMs() + time.millis() - sinceMs.get(ended.question())) {
                youngest.put(ended.question(), answer);
                sinceMs.put(ended.question(), time.millis());
              }
              ended.answer().complete(answer);
            } else {
              ended.answer().completeExceptionally(new IllegalStateException("away"));
            }
            for (Caller caller : List.copyOf(callers)) {
              if (caller.waitsFor.equals(ended)) {
                assertThat(caller.answer).as(what).isDone();
                assertThat(caller.answer.isCompletedExceptionally())
                    .as(what)
                    .isEqualTo(!isAnswered);
                callers.remove(caller);
              }
            }
          }
        }
      }
      assertThat(callers).as(what).allMatch(caller -> !caller.answer.isDone());
    }
    assertThat(counted.shared.get()).isPositive();
    assertThat(behind).isNotEmpty();
  }

  /**
   * Callers on many threads, some of whom leave: whoever stays has an answer, and what is not left
   * by all is not given up.
   */
  @Test
  void whoStaysIsAnsweredWhoeverLeavesMeanwhile() throws Exception {
    var begun = new CopyOnWriteArrayList<Statement>();
    try (ExecutorService server = Executors.newFixedThreadPool(2);
        ExecutorService clients = Executors.newFixedThreadPool(8)) {
      var shared =
          new SharedReports(
              (question, unwanted) -> {
                var statement =
                    new Statement(
                        question, unwanted.toCompletableFuture(), new CompletableFuture<>());
                begun.add(statement);
                // The server answers, or learns first that it need not.
                var _ =
                    unwanted.whenComplete(
                        (_, _) ->
                            statement
                                .answer()
                                .completeExceptionally(new IllegalStateException("given up")));
                server.execute(() -> statement.end(1, 0, 200));
                return statement.answer();
              },
              new AnalysisConfig.Sharing(Duration.ofMillis(1), 10, 1_000_000),
              Timekeeper.real(InstantSource.system()),
              counted);
      List<Future<?>> rounds = new ArrayList<>();
      for (int client = 0; client < 8; client++) {
        var random = new Random(client);
        rounds.add(
            clients.submit(
                () -> {
                  for (int i = 0; i < 2_000; i++) {
                    var gone = new CompletableFuture<Void>();
                    Optional<Duration> ageMax = random.nextInt(10) == 0 ? ANEW : UNSAID;
                    var answer = shared.answer(SPEND, ageMax, gone).toCompletableFuture();
                    if (random.nextBoolean()) {
                      gone.complete(null);
                      // Some have their answer just then.
                      assertThat(
                              answer.handle((_, _) -> true).orTimeout(60, TimeUnit.SECONDS).join())
                          .isTrue();
                    } else {
                      assertThat(answer.orTimeout(60, TimeUnit.SECONDS).join().rows()).hasSize(1);
                    }
                  }
                }));
      }
      for (Future<?> round : rounds) {
        var _ = round.get(120, TimeUnit.SECONDS);
      }
    }
    assertThat(begun).allMatch(statement -> statement.answer().isDone());
    assertThat(counted.shared.get()).isPositive();
  }
}
