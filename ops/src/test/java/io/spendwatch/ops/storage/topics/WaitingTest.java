package io.spendwatch.ops.storage.topics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.testing.ManualTime;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.Test;

class WaitingTest {
  private final StringWriter err = new StringWriter();
  private final ManualTime time = new ManualTime();
  private final AtomicInteger attempts = new AtomicInteger();
  private final Waiting waiting =
      new Waiting(new PrintWriter(err, true), Duration.ofSeconds(3), time);

  @Test
  void triesAgainUntilTheServerIsThereAndSaysOnceWhatItWaitsFor() {
    String answer =
        waiting.until(
            "the database",
            () -> {
              if (attempts.incrementAndGet() < 5) {
                throw new SQLException("starting up", "57P03");
              }
              return "there";
            });
    assertThat(answer).isEqualTo("there");
    assertThat(time.passed()).isEqualTo(Duration.ofSeconds(2));
    assertThat(err.toString().lines()).containsExactly("Waiting for the database (starting up)");
  }

  @Test
  void namesTheServerThatDoesNotAnswerInTime() {
    assertThatThrownBy(
            () ->
                waiting.until(
                    "Kafka",
                    () -> {
                      attempts.incrementAndGet();
                      throw new ExecutionException(new TimeoutException("no broker"));
                    }))
        .isInstanceOf(OperatorException.class)
        .hasMessage("Kafka does not answer after 3 s: no broker");
    assertThat(time.passed()).isEqualTo(Duration.ofSeconds(3));
    assertThat(attempts).hasValue(7);
  }

  @Test
  void failsAtOnceWhereWaitingCannotHelp() {
    assertThatThrownBy(
            () ->
                waiting.until(
                    "the database",
                    () -> {
                      throw new SQLException("wrong password", "28P01");
                    }))
        .isInstanceOf(OperatorException.class)
        .hasMessage("the database: wrong password");
    assertThatThrownBy(
            () ->
                waiting.until(
                    "Kafka",
                    () -> {
                      throw new ExecutionException(new TopicAuthorizationException("not allowed"));
                    }))
        .isInstanceOf(OperatorException.class)
        .hasMessage("Kafka: not allowed");
    assertThat(time.passed()).isZero();
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void endsWhenItsThreadIsInterrupted() {
    assertThatThrownBy(
            () ->
                waiting.until(
                    "the database",
                    () -> {
                      throw new InterruptedException();
                    }))
        .isInstanceOf(OperatorException.class)
        .hasMessage("the database: interrupted");
    assertThat(Thread.interrupted()).isTrue();
  }
}
