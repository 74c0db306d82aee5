package io.spendwatch.streams.life;

import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.life.PipelineMetrics.Server;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells status and log what a partition waits for: once when it begins, once when it is over.
 *
 * @param server that is waited for
 * @param describe for people
 */
public record RetryReport(PipelineLife life, Server server, Function<Throwable, String> describe)
    implements Retry.Listener {
  private static final Logger LOG = LoggerFactory.getLogger(RetryReport.class);

  @Override
  public void failed(Throwable cause, int failures) {
    life.progress().failedTry(server);
    if (!life.isLive()) {
      // The partition's status is the next life's by now.
      return;
    }
    String what = describe.apply(cause);
    life.progress().waitsFor(what);
    if (failures == 1) {
      PartitionLine.about(life.source(), LOG.atWarn()).addKeyValue("waitingFor", what).log("Waits");
    }
  }

  @Override
  public void recovered(int failures) {
    life.progress().goesOn();
    PartitionLine.about(life.source(), LOG.atInfo())
        .addKeyValue("failedTries", failures)
        .log("Goes on");
  }
}
