package io.spendwatch.streams.pipeline;

import static io.spendwatch.streams.base.ConfigSection.check;
import static io.spendwatch.streams.base.ConfigSection.checkPositive;
import static io.spendwatch.streams.base.ConfigSection.checkRange;

import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Decoded;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.streams.base.BackOff;
import io.spendwatch.streams.base.ConfigSection;
import io.spendwatch.streams.publish.PublishConfig;
import java.time.Duration;
import java.time.Instant;

/**
 * The bounds of each partition's pipeline: {@code spendwatch.pipeline}.
 *
 * @param pollIntervalMin from one poll of the consumer to the next at least; each asks the brokers
 *     for more
 * @param batchRowsMax records that are judged and written together
 * @param batchBytesMax bytes of such records; a single larger one is a batch of its own
 * @param writeRowsMax transactions that one statement makes durable, of all partitions together,
 *     but for a batch that alone has more
 * @param queuedPollsMax what the consumer may have read ahead per partition, in polls
 * @param unpublishedBatchesMax durable batches per partition whose offset is not committed yet
 * @param tick how long a partition waits for records before its actor is asked to look at the time
 * @param idleAfter for how long a partition must have had nothing to read before stream time moves
 *     on by the wall clock
 * @param endOffsetInterval how often the ends of the partitions are asked for
 * @param maxFutureSkew how far past the wall clock an event time may lie
 * @param eventTimeFloor earliest event time of a transaction
 * @param askTimeout for one answer of the partition's actor
 * @param publish how what is durable is published
 * @param poisonTries how often a record alone must make our own code fail to go to the dead letters
 * @param drainTimeout how long what is in flight may take when a partition is given away
 * @param topicCheckInterval between two looks whether the transactions topic has more partitions,
 *     and how far a growth is
 * @param retry pauses between tries
 */
public record PipelineConfig(
    Duration pollIntervalMin,
    int batchRowsMax,
    int batchBytesMax,
    int writeRowsMax,
    int queuedPollsMax,
    int unpublishedBatchesMax,
    Duration tick,
    Duration idleAfter,
    Duration endOffsetInterval,
    Duration maxFutureSkew,
    Instant eventTimeFloor,
    Duration askTimeout,
    PublishConfig publish,
    int poisonTries,
    Duration drainTimeout,
    Duration topicCheckInterval,
    BackOff retry) {

  /** What of a decoded transaction these settings accept: all but what is older than the floor. */
  public Decoded<Transaction> notBeforeFloor(Decoded<Transaction> decoded) {
    return decoded instanceof Decoded.Valid<Transaction>(Transaction transaction)
            && transaction.eventTimeMs() < eventTimeFloor.toEpochMilli()
        ? new Decoded.Rejected<>(
            DeadLetterReason.TOO_OLD_EVENT_TIME,
            "eventTime "
                + Instant.ofEpochMilli(transaction.eventTimeMs())
                + " (expected: at least "
                + eventTimeFloor
                + ", the setting event-time-floor)")
        : decoded;
  }

  /** Beyond it the thread that polls would be late with what else it has to do. */
  private static final Duration POLL_INTERVAL_LIMIT = Duration.ofMillis(100);

  public PipelineConfig {
    check(
        !pollIntervalMin.isNegative() && pollIntervalMin.compareTo(POLL_INTERVAL_LIMIT) <= 0,
        "spendwatch.pipeline.poll-interval-min",
        pollIntervalMin,
        "at most " + POLL_INTERVAL_LIMIT.toMillis() + " ms");
    checkRange("spendwatch.pipeline.batch-rows-max", batchRowsMax, 1, 100_000);
    check(
        batchBytesMax >= batchRowsMax,
        "spendwatch.pipeline.batch-bytes-max",
        batchBytesMax,
        ">= batch-rows-max " + batchRowsMax);
    checkRange("spendwatch.pipeline.write-rows-max", writeRowsMax, 1, 100_000);
    checkRange("spendwatch.pipeline.queued-polls-max", queuedPollsMax, 1, 1000);
    checkRange("spendwatch.pipeline.unpublished-batches-max", unpublishedBatchesMax, 1, 10_000);
    checkPositive("spendwatch.pipeline.tick", tick);
    checkPositive("spendwatch.pipeline.idle-after", idleAfter);
    checkPositive("spendwatch.pipeline.end-offset-interval", endOffsetInterval);
    check(
        !maxFutureSkew.isNegative(),
        "spendwatch.pipeline.max-future-skew",
        maxFutureSkew,
        "not negative");
    check(
        !eventTimeFloor.isBefore(Instant.EPOCH),
        "spendwatch.pipeline.event-time-floor",
        eventTimeFloor,
        "not before 1970");
    checkPositive("spendwatch.pipeline.ask-timeout", askTimeout);
    checkPositive("spendwatch.pipeline.topic-check-interval", topicCheckInterval);
    checkRange("spendwatch.pipeline.poison-tries", poisonTries, 1, 100);
    check(
        drainTimeout.compareTo(publish.offsetCommitInterval()) > 0,
        "spendwatch.pipeline.drain-timeout",
        drainTimeout,
        "> offset-commit-interval " + publish.offsetCommitInterval());
  }

  /** Reads {@code spendwatch.pipeline}. */
  public static PipelineConfig from(ConfigSection section) {
    BackOff retry = BackOff.from(section.section("retry"));
    PipelineConfig config =
        new PipelineConfig(
            section.duration("poll-interval-min"),
            section.integer("batch-rows-max"),
            section.bytes("batch-bytes-max"),
            section.integer("write-rows-max"),
            section.integer("queued-polls-max"),
            section.integer("unpublished-batches-max"),
            section.duration("tick"),
            section.duration("idle-after"),
            section.duration("end-offset-interval"),
            section.duration("max-future-skew"),
            section.instant("event-time-floor"),
            section.duration("ask-timeout"),
            PublishConfig.from(section, retry),
            section.integer("poison-tries"),
            section.duration("drain-timeout"),
            section.duration("topic-check-interval"),
            retry);
    section.rejectUnknown();
    return config;
  }
}
