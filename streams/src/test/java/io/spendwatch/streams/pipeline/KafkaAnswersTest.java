package io.spendwatch.streams.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.streams.life.CountedMetrics;
import java.time.Duration;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

class KafkaAnswersTest {
  private final ScriptTime time = new ScriptTime();
  private final KafkaAnswers answers = new KafkaAnswers(new CountedMetrics(), time);

  @Test
  void saysThatKafkaIsWaitedForOnlyWhenItHasNotAnsweredForAWhile() {
    answers.notAnswered(new TimeoutException("no answer"));
    assertThat(answers.waitingFor()).isEmpty();
    time.pass(Duration.ofSeconds(11));
    answers.notAnswered(new TimeoutException("no answer"));
    assertThat(answers.waitingFor()).contains("Kafka: no answer");
    answers.answered();
    assertThat(answers.waitingFor()).isEmpty();
    answers.notAnswered(new TimeoutException("no answer"));
    assertThat(answers.waitingFor()).isEmpty();
  }

  @Test
  void saysAtOnceWhatReadingHasFailedOf() {
    answers.failed(new IllegalStateException("no broker"));
    assertThat(answers.waitingFor()).contains("Kafka: no broker");
  }
}
