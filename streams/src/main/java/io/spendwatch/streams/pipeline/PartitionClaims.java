package io.spendwatch.streams.pipeline;

import io.spendwatch.streams.layout.LayoutWatch;
import io.spendwatch.streams.ledger.Layouts;
import io.spendwatch.streams.ledger.Ledger;
import io.spendwatch.streams.pipeline.start.UntilDone;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Claims partitions for this node, so that nobody else can write for them any more. For any thread.
 */
final class PartitionClaims {
  private final String nodeId;
  private final Ledger ledger;
  private final Layouts layouts;
  private final LayoutWatch watch;

  PartitionClaims(String nodeId, Ledger ledger, Layouts layouts, LayoutWatch watch) {
    this.nodeId = nodeId;
    this.ledger = ledger;
    this.layouts = layouts;
    this.watch = watch;
  }

  /** Where nobody has claimed anything yet, the topic's partitions of today are in force. */
  CompletionStage<Ledger.Claim> claim(UntilDone untilDone) {
    int partition = untilDone.life().source().partition();
    return untilDone
        .statement(() -> ledger.claim(partition, nodeId, untilDone.time().millis()))
        .thenCompose(
            claim ->
                claim
                    .<CompletionStage<Ledger.Claim>>map(CompletableFuture::completedFuture)
                    .orElseGet(
                        () ->
                            untilDone
                                .askKafka(watch::partitions)
                                .thenCompose(n -> untilDone.statement(() -> layouts.adopt(n)))
                                .thenCompose(_ -> claim(untilDone))));
  }
}
