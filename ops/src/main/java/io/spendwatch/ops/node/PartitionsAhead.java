package io.spendwatch.ops.node;

import io.spendwatch.ops.schema.Schema;
import io.spendwatch.streams.postgres.Database;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.stream.IntStream;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.typed.ActorSystem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the partitions of the days to come, again and again, so that no transaction has to wait for
 * its partition at midnight. Any node does it; where several do, all but the first find nothing to
 * do. A failure is no harm: the next time makes up for it, and a missing partition is made when its
 * first transaction comes.
 */
final class PartitionsAhead {
  private static final Logger LOG = LoggerFactory.getLogger(PartitionsAhead.class);

  private PartitionsAhead() {}

  /** Starts now and repeats until cancelled. */
  static Cancellable start(
      ActorSystem<?> system, Database database, Duration interval, InstantSource clock) {
    return system
        .scheduler()
        .scheduleWithFixedDelay(
            Duration.ZERO, interval, () -> make(database, clock), system.executionContext());
  }

  private static void make(Database database, InstantSource clock) {
    OffsetDateTime today = clock.instant().atOffset(ZoneOffset.UTC);
    OffsetDateTime[] days =
        IntStream.rangeClosed(0, Schema.DAYS_AHEAD)
            .mapToObj(today::plusDays)
            .toArray(OffsetDateTime[]::new);
    var _ =
        database
            .execute("SELECT spendwatch.ensure_partitions($1)", Tuple.of((Object) days))
            .whenComplete(
                (rows, failure) -> {
                  if (failure != null) {
                    LOG.atWarn()
                        .addKeyValue("reason", failure.getMessage())
                        .log("The partitions of the days to come could not be made");
                  } else if (rows.iterator().next().getInteger(0) > 0) {
                    LOG.atInfo()
                        .addKeyValue("made", rows.iterator().next().getInteger(0))
                        .log("Made partitions for the days to come");
                  }
                });
  }
}
