package io.spendwatch.ops.capture;

import static io.spendwatch.ops.capture.CaptureBed.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.capture.CaptureBed.Running;
import io.spendwatch.ops.errors.OperatorException;
import io.spendwatch.ops.lab.sandbox.BusinessServer.Engine;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PostgresCaptureIT extends CaptureContract {
  PostgresCaptureIT() {
    super(Engine.POSTGRES);
  }

  /** A server has room for ten, which is as many as there are tests, or fewer. */
  @AfterEach
  void dropSlots() throws Exception {
    var _ =
        bed()
            .rows(
                "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active");
  }

  @Test
  void aSlotThatIsGoneStopsItAndNothingIsSentBySnapshotUnlessAsked() throws Exception {
    CaptureBed.Site site = site();
    try (Running _ = site.start()) {
      sell("(1, 1, 5.00, '2024-07-12 15:57:33', NULL)");
      await().atMost(SOON).until(() -> site.sums().equals(Map.of("1", 500L)));
    }
    String slot = "spendwatch_" + site.file().getFileName().toString().replace(".conf", "");
    bed().sql("SELECT pg_drop_replication_slot('" + slot + "')");
    sell("(2, 1, 1.00, '2024-07-12 15:57:33', NULL)");
    try (Running capture = site.start()) {
      assertThat(capture.failure())
          .isInstanceOf(OperatorException.class)
          .hasMessageContaining("replication slot " + slot + " is gone")
          .hasMessageContaining("capture --snapshot");
    }
    assertThat(site.transactions()).hasSize(1);
    try (Running _ = site.startWithSnapshot()) {
      await().atMost(SOON).until(() -> site.sums().equals(Map.of("1", 600L)));
    }
  }

  @Test
  void aTableThatDoesNotLogRowsAsTheyWereIsRefused() throws Exception {
    CaptureBed.Site site = site();
    bed().sql("ALTER TABLE " + table("sales") + " REPLICA IDENTITY DEFAULT");
    try (Running capture = site.start()) {
      assertThat(capture.failure())
          .isInstanceOf(MisfitException.class)
          .hasMessageContaining("ALTER TABLE " + table("sales") + " REPLICA IDENTITY FULL");
    }
    site.map(mapping("amount", "on-update = ignore, on-delete = ignore"));
    try (Running _ = site.start()) {
      sell("(1, 1, 5.00, '2024-07-12 15:57:33', NULL)");
      await().atMost(SOON).until(() -> site.sums().equals(Map.of("1", 500L)));
    }
  }
}
