package io.spendwatch.streams.life;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.spendwatch.protocol.Decoded;
import io.spendwatch.streams.quarantine.BatchBound;
import io.spendwatch.streams.quarantine.DecodedBatch;
import io.spendwatch.streams.quarantine.Suspects;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

class DefectTest {
  private final RuntimeException bug = new IllegalStateException("bug");

  @Test
  void namesTheRecordsOfTheBatch() {
    Defect defect = (Defect) failureOf(batch(7, 2), () -> CompletableFuture.failedFuture(bug));
    assertThat(defect.firstOffset()).isEqualTo(7);
    assertThat(defect.nextOffset()).isEqualTo(9);
    assertThat(defect.isAlone()).isFalse();
    assertThat(defect).hasCause(bug);
  }

  @Test
  void namesTheUserOfARecordAloneAlsoWhereTheStepThrows() {
    Defect defect =
        (Defect)
            failureOf(
                batch(7, 1),
                () -> {
                  throw bug;
                });
    assertThat(defect.isAlone()).isTrue();
    assertThat(defect.userId()).isEqualTo("u7");
  }

  @Test
  void isNoneWhereTheLifeHasEndedOrThereWasNoRecord() {
    PipelineLife.Ended ended = new PipelineLife.Ended("lost");
    assertThat(failureOf(batch(7, 2), () -> CompletableFuture.failedFuture(ended))).isSameAs(ended);
    CancellationException cancelled = new CancellationException();
    assertThat(failureOf(batch(7, 2), () -> CompletableFuture.failedFuture(cancelled)))
        .isSameAs(cancelled);
    assertThat(failureOf(DecodedBatch.tick(), () -> CompletableFuture.failedFuture(bug)))
        .isSameAs(bug);
  }

  @Test
  void letsPassWhatSucceeds() {
    assertThat(Defect.watch(batch(7, 2).sources(), () -> CompletableFuture.completedFuture("done")))
        .isCompletedWithValue("done");
  }

  private static Throwable failureOf(
      DecodedBatch<String> batch, Supplier<CompletionStage<Object>> step) {
    return catchThrowableOfType(
            CompletionException.class,
            () -> Defect.watch(batch.sources(), step).toCompletableFuture().join())
        .getCause();
  }

  private static DecodedBatch<String> batch(long firstOffset, int records) {
    List<ConsumerRecord<byte[], byte[]>> all = new ArrayList<>();
    for (int i = 0; i < records; i++) {
      byte[] key = ("u" + (firstOffset + i)).getBytes(UTF_8);
      all.add(new ConsumerRecord<>("t", 0, firstOffset + i, key, new byte[0]));
    }
    return DecodedBatch.of(
        all,
        new BatchBound(10, 1_000, Suspects.none(1)),
        _ -> new Decoded.Valid<>("value"),
        "dead");
  }
}
