package io.spendwatch.streams.life;

import org.apache.kafka.common.TopicPartition;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * A line of the log about one partition: it is named by fields, so that lines can be found by it.
 */
public final class PartitionLine {
  private PartitionLine() {}

  /** With the fields {@code topic} and {@code partition}; returns the line, to be gone on with. */
  public static LoggingEventBuilder about(TopicPartition source, LoggingEventBuilder line) {
    return line.addKeyValue("topic", source.topic()).addKeyValue("partition", source.partition());
  }
}
