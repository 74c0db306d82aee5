package io.spendwatch.ops.capture;

import static io.spendwatch.ops.capture.CaptureBed.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.capture.CaptureBed.Running;
import io.spendwatch.ops.errors.OperatorException;
import io.spendwatch.ops.lab.sandbox.BusinessServer.Engine;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MariaDbCaptureIT extends CaptureContract {
  MariaDbCaptureIT() {
    super(Engine.MARIADB);
  }

  @Test
  void aLogThatIsPurgedStopsItAndNothingIsSentBySnapshotUnlessAsked() throws Exception {
    CaptureBed.Site site = site();
    try (Running _ = site.start()) {
      sell("(1, 1, 5.00, '2024-07-12 15:57:33', NULL)");
      await().atMost(SOON).until(() -> site.sums().equals(Map.of("1", 500L)));
    }
    sell("(2, 1, 1.00, '2024-07-12 15:57:33', NULL)");
    bed().sql("FLUSH BINARY LOGS");
    String last = bed().rows("SHOW BINARY LOGS").getLast().getFirst();
    // Not while somebody is seen reading it.
    await()
        .atMost(SOON)
        .until(
            () -> {
              bed().sql("PURGE BINARY LOGS TO '" + last + "'");
              return bed().rows("SHOW BINARY LOGS").size() == 1;
            });
    try (Running capture = site.start()) {
      assertThat(capture.failure())
          .isInstanceOf(OperatorException.class)
          .hasMessageContaining("was purged")
          .hasMessageContaining("capture --snapshot");
    }
    assertThat(site.transactions()).hasSize(1);
    try (Running _ = site.startWithSnapshot()) {
      await().atMost(SOON).until(() -> site.sums().equals(Map.of("1", 600L)));
      sell("(3, 1, 1.00, '2024-07-12 15:57:33', NULL)");
      await().atMost(SOON).until(() -> site.sums().equals(Map.of("1", 700L)));
    }
  }
}
