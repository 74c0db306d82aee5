package io.spendwatch.ops.capture.comparison;

import io.spendwatch.ops.audit.source.WarehouseReport;
import io.spendwatch.ops.capture.config.CaptureConfig;
import io.spendwatch.ops.capture.source.BusinessDatabase;
import io.spendwatch.streams.base.Timekeeper;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Holds the tables of a business database against those of its warehouse: all values of all rows.
 * Both are read whole; what differs is looked at once more after a while, and is a finding if it
 * differs as before: then it was not on its way. Stateless.
 */
final class WarehouseComparison {
  /** For what is on its way. */
  private static final Duration PAUSE = Duration.ofSeconds(5);

  private static final int SHOWN_MAX = 100;

  private final CaptureConfig config;
  private final Timekeeper time;

  WarehouseComparison(CaptureConfig config, Timekeeper time) {
    this.config = config;
    this.time = time;
  }

  /**
   * Compares both as they are now. Blocks.
   *
   * @throws io.spendwatch.errors.OperatorException if it cannot be done: why
   */
  WarehouseReport run() throws InterruptedException {
    Instant startedAt = Instant.ofEpochMilli(time.millis());
    BusinessDatabase database = BusinessDatabase.of(config.source());
    var first = new WarehouseLook(config, database, Optional.empty());
    first.take();
    if (first.differences().isBalanced()) {
      return report(first, startedAt, List.of());
    }
    time.pause(PAUSE);
    var second = new WarehouseLook(config, database, Optional.of(first.differences()));
    second.take();
    return report(second, startedAt, second.findings());
  }

  private WarehouseReport report(
      WarehouseLook look, Instant startedAt, List<WarehouseReport.Finding> findings) {
    return new WarehouseReport(
        config.source().toString(),
        config.warehouse().orElseThrow().toString(),
        startedAt,
        Instant.ofEpochMilli(time.millis()),
        look.tables(),
        findings.size(),
        look.hasMore(),
        List.copyOf(findings.subList(0, Math.min(findings.size(), SHOWN_MAX))));
  }
}
