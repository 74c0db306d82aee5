package io.spendwatch.ops.cli.deadletters;

import io.spendwatch.commandline.Durations;
import io.spendwatch.ops.deadletters.LetterQuery;
import io.spendwatch.protocol.EventTime;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.InstantSource;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/** Which dead letters, as several commands take it. */
final class LetterOptions {
  @Option(
      names = "--topic",
      paramLabel = "TOPIC",
      description = "Only those of this dead-letter topic.")
  private String topic;

  @Option(names = "--reason", paramLabel = "CODE", description = "Only those with this reason.")
  private String reason;

  @Option(
      names = "--since",
      paramLabel = "WHEN",
      description = "Only those put aside since: an instant, or so long ago, as 1h.")
  private String since;

  boolean isEmpty() {
    return topic == null && reason == null && since == null;
  }

  /**
   * What they say.
   *
   * @throws ParameterException for a time that is none
   */
  LetterQuery query(CommandSpec spec) {
    return new LetterQuery(topic, reason, since == null ? null : instant(spec), null);
  }

  private Instant instant(CommandSpec spec) {
    try {
      return Instant.ofEpochMilli(EventTime.parseMs(since));
    } catch (DateTimeException e) {
      return longAgo(spec);
    }
  }

  private Instant longAgo(CommandSpec spec) {
    try {
      return InstantSource.system().instant().minus(Durations.parse(since));
    } catch (TypeConversionException e) {
      throw wrong(spec);
    }
  }

  private ParameterException wrong(CommandSpec spec) {
    return new ParameterException(
        spec.commandLine(),
        "--since: " + since + " (expected: such as 1h, 3d or 2024-07-12T15:57:33Z)");
  }
}
