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
public record RetryReport(
    Incarnation incarnation, Server server, Function<Throwable, String> describe)
    implements Retry.Listener {
  private static final Logger LOG = LoggerFactory.getLogger(RetryReport.class);

  @Override
  public void failed(Throwable cause, int failures) {
    incarnation.progress().failedTry(server);
    if (!incarnation.isLive()) {
      // The partition's status is the next life's by now.
      return;
    }
    String what = describe.apply(cause);
    incarnation.progress().waitsFor(what);
    if (failures == 1) {
      PartitionLine.about(incarnation.source(), LOG.atWarn())
          .addKeyValue("waitingFor", what)
          .log("Waits");
    }
  }

  @Override
  public void recovered(int failures) {
    incarnation.progress().goesOn();
    PartitionLine.about(incarnation.source(), LOG.atInfo())
        .addKeyValue("failedTries", failures)
        .log("Goes on");
  }
}
