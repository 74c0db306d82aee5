package io.spendwatch.streams.pipeline;

import static io.spendwatch.streams.base.ConfigSection.check;
import static io.spendwatch.streams.base.ConfigSection.checkPositive;
import static io.spendwatch.streams.base.ConfigSection.checkRange;

import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.CardNumbers;
import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Decoded;
import io.spendwatch.protocol.Money;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.streams.base.BackOff;
import io.spendwatch.streams.base.ConfigSection;
import io.spendwatch.streams.publish.PublishConfig;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The bounds of each partition's pipeline: {@code spendwatch.pipeline}.
 *
 * @param pollIntervalMin from one poll of the consumer to the next at least; each asks the brokers
 *     for more
 * @param batchRowsMax records that are assessed and written together
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
 * @param amountMinorMax greatest amount of a transaction, in minor units of its currency
 * @param cardGuard whether a record with what looks like a card's number is a bad one
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
    long amountMinorMax,
    boolean cardGuard,
    Duration askTimeout,
    PublishConfig publish,
    int poisonTries,
    Duration drainTimeout,
    Duration topicCheckInterval,
    BackOff retry) {

  /** What of a decoded transaction these settings accept. */
  public Decoded<Transaction> accepted(Decoded<Transaction> decoded) {
    if (!(decoded instanceof Decoded.Valid<Transaction>(Transaction transaction))) {
      return decoded;
    }
    if (transaction.eventTimeMs() < eventTimeFloor.toEpochMilli()) {
      return new Decoded.Rejected<>(
          DeadLetterReason.TOO_OLD_EVENT_TIME,
          "eventTime "
              + Instant.ofEpochMilli(transaction.eventTimeMs())
              + " (expected: at least "
              + eventTimeFloor
              + ", the setting event-time-floor)");
    }
    if (transaction.amountMinor() > amountMinorMax) {
      return new Decoded.Rejected<>(
          DeadLetterReason.AMOUNT_TOO_LARGE,
          "amount "
              + Money.format(transaction.amountMinor(), transaction.currency())
              + " (expected: at most "
              + Money.format(amountMinorMax, transaction.currency())
              + ", the setting amount-minor-max)");
    }
    return cardGuard ? withoutCard(decoded, transaction) : decoded;
  }

  /** What of a decoded balance these settings accept. */
  Decoded<Balance> acceptedBalance(Decoded<Balance> decoded) {
    return cardGuard && decoded instanceof Decoded.Valid<Balance>(Balance balance)
        ? card("userId", balance.userId())
            .or(() -> card("username", balance.username()))
            .<Decoded<Balance>>map(CardFound::rejected)
            .orElse(decoded)
        : decoded;
  }

  private static Decoded<Transaction> withoutCard(
      Decoded<Transaction> decoded, Transaction transaction) {
    return card("userId", transaction.userId())
        .or(() -> card("merchant", transaction.merchant()))
        .or(() -> cardBesides("transactionId", transaction.transactionId()))
        .or(() -> cardBesides("originalTransactionId", transaction.originalTransactionId()))
        .<Decoded<Transaction>>map(CardFound::rejected)
        .orElse(decoded);
  }

  /** A card's number in this field. */
  private record CardFound(String field, String number) {
    <T> Decoded<T> rejected() {
      return new Decoded.Rejected<>(
          DeadLetterReason.PAN_SUSPECTED,
          field
              + " has what looks like the number of a card, ending in "
              + number.substring(number.length() - 4)
              + " (the setting card-guard)");
    }
  }

  private static Optional<CardFound> card(String field, @Nullable String text) {
    return text == null
        ? Optional.empty()
        : CardNumbers.find(text).map(number -> new CardFound(field, number));
  }

  /**
   * An id of a transaction that is a number and nothing else counts something: one in some tens
   * would be a card's by chance.
   */
  private static Optional<CardFound> cardBesides(String field, @Nullable String id) {
    return card(field, id).filter(found -> !found.number().equals(id));
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
    checkRange("spendwatch.pipeline.amount-minor-max", amountMinorMax, 1, Long.MAX_VALUE);
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
            section.number("amount-minor-max"),
            section.flag("card-guard"),
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
