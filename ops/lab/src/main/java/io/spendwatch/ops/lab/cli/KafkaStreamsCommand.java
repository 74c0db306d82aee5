package io.spendwatch.ops.lab.cli;

import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.lab.bench.rivals.StreamsJob;
import java.time.InstantSource;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** What a node is measured against, in a process as a node's. */
@Command(
    name = "kafka-streams",
    mixinStandardHelpOptions = true,
    hidden = true,
    description = {
      "What one would take instead of a node: the same rule as a Kafka Streams job, for the"
          + " benchmarks. It shares nothing with nodes: give it a database, topics and a group of its"
          + " own."
    },
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      "1:it could not start, or has failed",
      "2:wrong usage",
      "143:it was told to end"
    },
    footerHeading = "%nExample:%n",
    footer = "  SPENDWATCH_KAFKA_GROUP_ID=streams spendwatch kafka-streams")
public final class KafkaStreamsCommand implements Callable<Integer> {

  @Override
  public Integer call() {
    try (var ending = new OnExit()) {
      StreamsJob job = StreamsJob.open(Configuration.load(), InstantSource.system());
      ending.add(job);
      job.run();
    }
    return 0;
  }
}
