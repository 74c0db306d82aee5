package io.spendwatch.streams.pipeline.start;

import io.spendwatch.streams.kafka.SourceState;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Where a life of a partition's pipeline begins, and what is certain to be lost before: decided
 * from what Kafka says and what is durable, which contradict each other wherever records are gone.
 *
 * <pre>
 *   another topic id than what is durable is of       ─▶ begin of the log; lost: what was unread of the former topic
 *   nothing committed                                 ─▶ where the tables say that we were
 *   committed beyond what is durable, with our note   ─▶ back to what is durable (an older database); nothing is lost;
 *                                                        of transactions only when somebody has asked for it
 *   committed beyond what is durable, without it      ─▶ as committed (somebody moved it); lost: what it skips
 *   beyond the log's end                              ─▶ end of the log, as it was cut back; lost: what we had not read
 *   before the log's begin                            ─▶ begin of the log; lost: what lies between
 *   else                                              ─▶ as committed
 * </pre>
 *
 * @param offset of the first record to read
 * @param nextOffset all before it is durable, or lost
 * @param loss what is certain to be lost; empty for nothing
 * @param remark what people should know besides; empty for nothing
 * @param rewind what was committed and is not durable (any more): the tables are of an earlier
 *     time; empty where they are not
 * @param isCommitted whether this is the group's committed offset already
 * @param isKnown whether what is durable goes on from here: it is about this topic, and nothing is
 *     passed over
 */
public record PartitionStart(
    long offset,
    long nextOffset,
    Optional<Loss> loss,
    Optional<String> remark,
    Optional<Rewind> rewind,
    boolean isCommitted,
    boolean isKnown) {

  /** Why records are lost. The names are what the table shows. */
  enum Reason {
    EXPIRED("the topic's retention, or somebody, has removed them before they were read"),
    TOPIC_REPLACED("the topic was deleted and made anew; what it held and was not read is gone"),
    LOG_TRUNCATED("the log ends before what had been read: Kafka has lost its end"),
    SKIPPED("somebody has moved the group's committed offset beyond them");

    private final String meaning;

    Reason(String meaning) {
      this.meaning = meaning;
    }

    String meaning() {
      return meaning;
    }
  }

  /**
   * The offsets [from, to).
   *
   * @param topicId of the topic that they were in
   * @param to empty where nobody knows how far it reached
   */
  record Loss(String topicId, long from, OptionalLong to, Reason reason) {}

  /** The offsets [from, to), committed once and not known to the tables. */
  record Rewind(long from, long to) {}

  /**
   * What the tables say of a partition.
   *
   * @param topicId of the topic that the others are about; empty where that was not noted yet
   * @param nextOffset all records before it are durable, if it is not empty
   * @param publishedOffset all records before it are durable and published
   */
  record Durable(Optional<String> topicId, OptionalLong nextOffset, OptionalLong publishedOffset) {
    /** Whether a topic that is another by now has been read. */
    boolean isOfAnother(String currentTopicId) {
      return topicId.isPresent()
          ? !topicId.get().equals(currentTopicId)
          : nextOffset.isPresent() && publishedOffset.isPresent();
    }
  }

  /** Stands for the id of a topic that was read under another name, or before ids were noted. */
  static final String UNKNOWN_TOPIC = "unknown";

  static PartitionStart of(SourceState kafka, Durable durable) {
    if (durable.isOfAnother(kafka.topicId())) {
      long readTo = durable.nextOffset().orElse(kafka.committed().orElse(0));
      Loss loss =
          new Loss(
              durable.topicId().orElse(UNKNOWN_TOPIC),
              readTo,
              OptionalLong.empty(),
              Reason.TOPIC_REPLACED);
      return at(
          kafka, durable, kafka.begin(), Optional.of(loss), Optional.empty(), Optional.empty());
    }
    if (kafka.committed().isEmpty()) {
      OptionalLong published = durable.publishedOffset();
      return published.isEmpty()
          ? at(kafka, durable, kafka.begin(), Optional.empty(), Optional.empty(), Optional.empty())
          : within(
              kafka,
              durable,
              published.getAsLong(),
              Optional.of(
                  "the group has no committed offset any more; going on where the tables say that we were, at "
                      + published.getAsLong()),
              Optional.empty());
    }
    long committed = kafka.committed().getAsLong();
    if (durable.nextOffset().isPresent() && committed > durable.nextOffset().getAsLong()) {
      return beyondTheTables(kafka, durable, committed, durable.nextOffset().getAsLong());
    }
    return within(kafka, durable, committed, Optional.empty(), Optional.empty());
  }

  /** The group has gone further than the tables. */
  private static PartitionStart beyondTheTables(
      SourceState kafka, Durable durable, long committed, long nextOffset) {
    boolean isOurs = kafka.publishedAlertSeq().isPresent();
    if (isOurs || committed > kafka.end()) {
      // The tables held all of it once; or nobody can have read so far.
      return within(
          kafka,
          durable,
          nextOffset,
          Optional.of(
              String.format(
                  Locale.ROOT,
                  "the tables reach to offset %d, and %d is committed; reading on from the former",
                  nextOffset,
                  committed)),
          isOurs ? Optional.of(new Rewind(nextOffset, committed)) : Optional.empty());
    }
    Loss loss = new Loss(kafka.topicId(), nextOffset, OptionalLong.of(committed), Reason.SKIPPED);
    return at(
        kafka,
        durable,
        Math.max(committed, kafka.begin()),
        Optional.of(
            kafka.begin() > committed
                ? new Loss(
                    kafka.topicId(), nextOffset, OptionalLong.of(kafka.begin()), Reason.EXPIRED)
                : loss),
        Optional.empty(),
        Optional.empty());
  }

  /** At this offset, if the log has it. */
  private static PartitionStart within(
      SourceState kafka,
      Durable durable,
      long offset,
      Optional<String> remark,
      Optional<Rewind> rewind) {
    if (offset > kafka.end()) {
      boolean isSame = durable.topicId().isPresent();
      Loss loss =
          new Loss(
              isSame ? kafka.topicId() : UNKNOWN_TOPIC,
              Math.max(offset, durable.nextOffset().orElse(0)),
              OptionalLong.empty(),
              isSame ? Reason.LOG_TRUNCATED : Reason.TOPIC_REPLACED);
      long start = isSame ? kafka.end() : kafka.begin();
      return new PartitionStart(start, start, Optional.of(loss), remark, rewind, false, false);
    }
    // An offset that somebody has moved back is not what we had read to.
    long readTo = Math.max(offset, durable.publishedOffset().orElse(0));
    Optional<Loss> loss =
        readTo < kafka.begin()
            ? Optional.of(
                new Loss(kafka.topicId(), readTo, OptionalLong.of(kafka.begin()), Reason.EXPIRED))
            : Optional.empty();
    return at(kafka, durable, Math.max(offset, kafka.begin()), loss, remark, rewind);
  }

  private static PartitionStart at(
      SourceState kafka,
      Durable durable,
      long offset,
      Optional<Loss> loss,
      Optional<String> remark,
      Optional<Rewind> rewind) {
    boolean isSameTopic = durable.topicId().equals(Optional.of(kafka.topicId()));
    return new PartitionStart(
        offset,
        isSameTopic ? Math.max(offset, durable.nextOffset().orElse(0)) : offset,
        loss,
        remark,
        rewind,
        kafka.committed().equals(OptionalLong.of(offset)),
        isSameTopic && loss.isEmpty());
  }
}
