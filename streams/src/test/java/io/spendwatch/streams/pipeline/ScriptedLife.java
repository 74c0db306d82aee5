package io.spendwatch.streams.pipeline;

import io.spendwatch.streams.kafka.SourceState;
import io.spendwatch.streams.life.Defect;
import io.spendwatch.streams.life.PipelineLife;
import io.spendwatch.streams.quarantine.Suspects;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.pekko.Done;

/** A life of a partition's pipeline, which takes what the test lets it. */
final class ScriptedLife {
  final PipelineLife pipelineLife;
  final SourceState kafka;
  final Suspects suspects;
  final List<Long> taken = new CopyOnWriteArrayList<>();
  final List<Long> finished = new CopyOnWriteArrayList<>();

  /** How many records came together. */
  final List<Integer> polls = new CopyOnWriteArrayList<>();

  private final CompletableFuture<Done> released = new CompletableFuture<>();
  volatile boolean isBlocked;
  volatile RuntimeException failsWith;
  volatile boolean isDefect;

  ScriptedLife(PipelineLife pipelineLife, SourceState kafka, Suspects suspects) {
    this.pipelineLife = pipelineLife;
    this.kafka = kafka;
    this.suspects = suspects;
  }

  CompletionStage<Done> take(List<ConsumerRecord<byte[], byte[]>> records) {
    if (failsWith != null) {
      return isDefect
          ? Defect.watch(
              records,
              () -> {
                throw failsWith;
              })
          : CompletableFuture.failedFuture(failsWith);
    }
    List<Long> offsets = records.stream().map(ConsumerRecord::offset).toList();
    taken.addAll(offsets);
    polls.add(offsets.size());
    CompletableFuture<Done> done =
        isBlocked ? released : CompletableFuture.completedFuture(Done.done());
    return done.thenApply(
        it -> {
          finished.addAll(offsets);
          return it;
        });
  }

  void release() {
    isBlocked = false;
    released.complete(Done.done());
  }

  boolean isLive() {
    return pipelineLife.isLive();
  }

  String reason() {
    return pipelineLife.ended().toCompletableFuture().join();
  }
}
