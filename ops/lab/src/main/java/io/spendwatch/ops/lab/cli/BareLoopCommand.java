package io.spendwatch.ops.lab.cli;

import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.lab.bench.rivals.BareLoop;
import java.time.InstantSource;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** What a node is measured against, in a process as a node's. */
@Command(
    name = "bare-loop",
    mixinStandardHelpOptions = true,
    hidden = true,
    description = {
      "The floor of the benchmarks: reads transactions, writes rows, produces alerts, commits"
          + " offsets, and does nothing else that a node does. It shares nothing with nodes: give it"
          + " a database, topics and a group of its own."
    },
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      "1:it could not start, or has failed",
      "2:wrong usage",
      "143:it was told to end"
    },
    footerHeading = "%nExample:%n",
    footer = "  SPENDWATCH_KAFKA_GROUP_ID=bare spendwatch bare-loop")
public final class BareLoopCommand implements Callable<Integer> {

  @Override
  public Integer call() {
    try (BareLoop loop = BareLoop.open(Configuration.load(), InstantSource.system())) {
      loop.run();
    }
    return 0;
  }
}
