package io.spendwatch.ops.lab.cli;

import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.lab.bench.BareLoop;
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
    })
public final class BareLoopCommand implements Callable<Integer> {

  @Override
  public Integer call() {
    try (BareLoop loop = BareLoop.open(Configuration.load(), InstantSource.system())) {
      loop.run();
    }
    return 0;
  }
}
