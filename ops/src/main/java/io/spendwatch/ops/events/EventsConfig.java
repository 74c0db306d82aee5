package io.spendwatch.ops.events;

import static io.spendwatch.streams.base.ConfigSection.check;
import static io.spendwatch.streams.base.ConfigSection.checkPositive;
import static io.spendwatch.streams.base.ConfigSection.checkRange;

import io.spendwatch.streams.base.ConfigSection;
import java.time.Duration;

/**
 * How a node tells its clients what happens: {@code spendwatch.events}.
 *
 * @param clientsMax how many may listen at a time
 * @param kept how many events are in memory for all of them: so far a client may be behind
 * @param updateInterval between two updates of a client, at least
 * @param heartbeat after which a client that was sent nothing is sent a comment
 * @param comeAgain after which a client comes again that has lost its connection
 */
public record EventsConfig(
    int clientsMax, int kept, Duration updateInterval, Duration heartbeat, Duration comeAgain) {
  private static final String PATH = "spendwatch.events";
  private static final Duration HEARTBEAT_MAX = Duration.ofSeconds(5);

  public EventsConfig {
    checkRange(PATH + ".clients-max", clientsMax, 0, 100_000);
    checkRange(PATH + ".kept", kept, 16, 1_000_000);
    checkPositive(PATH + ".update-interval", updateInterval);
    checkPositive(PATH + ".heartbeat", heartbeat);
    // Twice that may pass, and 10 s are promised.
    check(
        heartbeat.compareTo(HEARTBEAT_MAX) <= 0,
        PATH + ".heartbeat",
        heartbeat,
        "at most " + HEARTBEAT_MAX.toSeconds() + " s");
    checkPositive(PATH + ".come-again", comeAgain);
  }

  /** Reads {@code spendwatch.events}. */
  public static EventsConfig from(ConfigSection section) {
    var config =
        new EventsConfig(
            section.integer("clients-max"),
            section.integer("kept"),
            section.duration("update-interval"),
            section.duration("heartbeat"),
            section.duration("come-again"));
    section.rejectUnknown();
    return config;
  }
}
