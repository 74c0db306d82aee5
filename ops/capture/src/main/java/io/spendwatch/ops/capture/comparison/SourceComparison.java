package io.spendwatch.ops.capture.comparison;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.audit.source.SourceAudit;
import io.spendwatch.ops.audit.source.SourceFinding;
import io.spendwatch.ops.audit.source.SourceReport;
import io.spendwatch.ops.audit.source.WarehouseReport;
import io.spendwatch.ops.capture.config.CaptureConfig;
import io.spendwatch.ops.capture.config.CapturePath;
import io.spendwatch.ops.capture.source.BusinessDatabase;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.protocol.Money;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.capture.Attribution.RowKey;
import io.spendwatch.streams.database.PostgresConfig;
import java.io.File;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Holds what a snapshot would send now against the sum of what was sent for each row. Both
 * databases are read whole, each as of one moment; what differs is looked at once more after a
 * while, and is a finding if it differs as before: then it was not on its way. Stateless.
 */
public final class SourceComparison implements SourceAudit {
  /** For what is on its way. */
  private static final Duration PAUSE = Duration.ofSeconds(5);

  private static final int SHOWN_MAX = 100;

  @Override
  public SourceReport run(
      File capture, PostgresConfig ours, Optional<Duration> retention, Timekeeper time)
      throws InterruptedException {
    CaptureConfig config = CaptureConfig.load(capture);
    BusinessDatabase database = BusinessDatabase.of(config.source());
    try {
      List<String> misfits = config.mapping().misfits(database.schema(config.mapping().tables()));
      if (!misfits.isEmpty()) {
        throw new OperatorException(String.join("; ", misfits));
      }
    } catch (SQLException e) {
      throw new OperatorException(config.source() + ": " + e.getMessage(), e);
    }
    Instant startedAt = Instant.ofEpochMilli(time.millis());
    // Both looks leave out the same.
    long horizonMs = retention.map(kept -> startedAt.minus(kept).toEpochMilli()).orElse(0L);
    PostgresAddress address = PostgresAddress.parse(ours.uri(), ours.user(), ours.password());
    var first = new SourceLook(config, database, horizonMs, Optional.empty());
    first.take(address, ours.role());
    if (first.differences().isBalanced()) {
      return report(config, first, startedAt, time, List.of(), false);
    }
    time.pause(PAUSE);
    var second = new SourceLook(config, database, horizonMs, Optional.of(first.differences()));
    second.take(address, ours.role());
    return report(config, second, startedAt, time, findings(second), second.hasMore());
  }

  @Override
  public boolean isMapped(File capture) {
    return !CaptureConfig.load(capture, CapturePath.WAREHOUSE).mapping().tables().isEmpty();
  }

  @Override
  public WarehouseReport runWarehouse(File capture, Timekeeper time) throws InterruptedException {
    return new WarehouseComparison(CaptureConfig.load(capture, CapturePath.WAREHOUSE), time).run();
  }

  private static SourceReport report(
      CaptureConfig config,
      SourceLook look,
      Instant startedAt,
      Timekeeper time,
      List<SourceFinding> findings,
      boolean more) {
    return new SourceReport(
        config.source().toString(),
        startedAt,
        Instant.ofEpochMilli(time.millis()),
        look.rows(),
        look.accounts(),
        look.transactions(),
        look.putAside(),
        look.expired(),
        look.outlived(),
        findings.size(),
        more,
        List.copyOf(findings.subList(0, Math.min(findings.size(), SHOWN_MAX))));
  }

  private static List<SourceFinding> findings(SourceLook look) {
    List<SourceFinding> findings = new ArrayList<>(look.balances());
    // What stood for a row at one user and time, and now stands for it at another.
    Map<String, SourceLook.Entry> gone = new LinkedHashMap<>();
    Map<String, SourceLook.Entry> come = new LinkedHashMap<>();
    for (SourceLook.Entry entry : look.entries()) {
      String id = entry.row().rowId();
      if (id.isEmpty() || (entry.isThere() && entry.isHere())) {
        findings.add(finding(entry, entry));
      } else if (entry.isThere()) {
        come.put(id, entry);
      } else {
        SourceLook.Entry before = gone.put(id, entry);
        if (before != null) {
          findings.add(finding(before, before));
        }
      }
    }
    come.forEach(
        (id, entry) -> {
          SourceLook.Entry former = gone.remove(id);
          findings.add(finding(entry, former == null ? entry : former));
        });
    gone.values().forEach(entry -> findings.add(finding(entry, entry)));
    return findings;
  }

  /**
   * A finding about a row.
   *
   * @param there what the row is
   * @param here what is stored, which may be for another user or time
   */
  private static SourceFinding finding(SourceLook.Entry there, SourceLook.Entry here) {
    SourceFinding.Kind kind =
        !there.isThere()
            ? SourceFinding.Kind.EXTRA
            : here.isHere() ? SourceFinding.Kind.DIFFERENT : SourceFinding.Kind.MISSING;
    return new SourceFinding(
        kind,
        there.table(),
        there.row().rowId(),
        there.userId(),
        text(there, there.isThere(), there.thereSum()),
        text(here, here.isHere(), here.hereSum()),
        switch (kind) {
          case MISSING ->
              "nothing of the row has arrived: is the capture behind, or did a node put it aside"
                  + " (dead-letters list)?";
          case EXTRA ->
              "nothing takes back what was sent for a row that is gone: was the table truncated, the"
                  + " log lost, or a correction put aside?";
          case DIFFERENT ->
              "what was sent for the row does not add up to what it is: is the capture behind, was the"
                  + " log lost, or a correction put aside?";
          case BALANCE -> throw new IllegalArgumentException("no row's");
        });
  }

  private static String text(SourceLook.Entry entry, boolean isThere, long sum) {
    if (!isThere) {
      return "nothing";
    }
    if (!entry.amounts()) {
      return sum + " times";
    }
    RowKey row = entry.row();
    return Money.format(sum, row.currency())
        + " "
        + row.currency()
        + " of user "
        + row.userId()
        + " at "
        + Instant.ofEpochMilli(row.eventTimeMs());
  }
}
