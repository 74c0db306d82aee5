package io.spendwatch.streams.kafka;

import java.util.OptionalLong;

/**
 * What Kafka says of a partition when a life of its pipeline begins.
 *
 * @param topicId of the topic that it is a partition of now
 * @param begin offset of the first record that the log still has
 * @param end offset after the last one that may be read
 * @param committed the group's offset; empty where it has none
 * @param publishedAlertSeq place of the last published alert, as the note of the committed offset
 *     tells; empty where there is no note of ours
 */
public record SourceState(
    String topicId, long begin, long end, OptionalLong committed, OptionalLong publishedAlertSeq) {}
