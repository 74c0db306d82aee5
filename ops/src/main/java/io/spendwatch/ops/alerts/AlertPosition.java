package io.spendwatch.ops.alerts;

import java.util.Arrays;

/**
 * A place in the whole alert topic: for each of its partitions the offset of the next record. Each
 * node can go on from it, whatever the order in which another one has read the partitions. As text
 * it is the id of an alert's event: {@code TOPIC.NEXT.NEXT…}. Immutable.
 */
public final class AlertPosition {
  /** What a topic's id begins with: enough to tell a topic from the one before of that name. */
  private static final int TOPIC_CHARACTERS = 8;

  /** A header line has 8 KiB; more partitions than fit there are not to be expected. */
  private static final int TEXT_MAX = 8000;

  private final String topic;
  private final long[] next;

  private AlertPosition(String topic, long[] next) {
    this.topic = topic;
    this.next = next;
  }

  /**
   * With these offsets.
   *
   * @param topicId Kafka's, which another topic of that name does not have
   * @param next by partition, from 0
   */
  public static AlertPosition of(String topicId, long... next) {
    String topic = topicId.substring(0, Math.min(TOPIC_CHARACTERS, topicId.length()));
    if (!isTopic(topic)) {
      throw new IllegalArgumentException("not the id of a topic: " + topicId);
    }
    return new AlertPosition(topic, next.clone());
  }

  /**
   * Reads {@link #toString()}.
   *
   * @throws IllegalArgumentException for what is none
   */
  public static AlertPosition parse(String text) {
    String[] parts = text.length() > TEXT_MAX ? new String[0] : text.split("\\.", -1);
    if (parts.length < 2 || !isTopic(parts[0])) {
      throw notAPosition();
    }
    long[] next = new long[parts.length - 1];
    for (int partition = 0; partition < next.length; partition++) {
      next[partition] = offset(parts[partition + 1]);
    }
    return new AlertPosition(parts[0], next);
  }

  private static boolean isTopic(String text) {
    return text.matches("[A-Za-z0-9_-]{1," + TOPIC_CHARACTERS + "}");
  }

  private static long offset(String digits) {
    if (!digits.matches("[0-9]{1,18}")) {
      throw notAPosition();
    }
    return Long.parseLong(digits);
  }

  private static IllegalArgumentException notAPosition() {
    return new IllegalArgumentException("not the id of an alert's event, such as Ab3dE-9_.15.0.7");
  }

  /** Whether both are places of the same topic. */
  public boolean isOfTopicOf(AlertPosition other) {
    return topic.equals(other.topic);
  }

  /** The offset of the next record; 0 in a partition that was not there yet. */
  public long next(int partition) {
    return partition < next.length ? next[partition] : 0;
  }

  /** All of them, by partition. */
  public long[] next() {
    return next.clone();
  }

  /** The beginning of the topic. */
  public AlertPosition beginning() {
    return new AlertPosition(topic, new long[next.length]);
  }

  /** Another place of the same topic. */
  public AlertPosition at(long... places) {
    return new AlertPosition(topic, places.clone());
  }

  /** The same with this record read. */
  public AlertPosition after(int partition, long offset) {
    long[] more = Arrays.copyOf(next, Math.max(next.length, partition + 1));
    more[partition] = offset + 1;
    return new AlertPosition(topic, more);
  }

  /** Whether whoever is at {@code other} has read all that was read here. */
  public boolean isCoveredBy(AlertPosition other) {
    for (int partition = 0; partition < next.length; partition++) {
      if (next[partition] > other.next(partition)) {
        return false;
      }
    }
    return true;
  }

  /** What was read here or there. */
  public AlertPosition or(AlertPosition other) {
    long[] both = Arrays.copyOf(next, Math.max(next.length, other.next.length));
    for (int partition = 0; partition < both.length; partition++) {
      both[partition] = Math.max(both[partition], other.next(partition));
    }
    return new AlertPosition(topic, both);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof AlertPosition position
        && topic.equals(position.topic)
        && Arrays.equals(next, position.next);
  }

  @Override
  public int hashCode() {
    return 31 * topic.hashCode() + Arrays.hashCode(next);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(topic);
    for (long offset : next) {
      text.append('.').append(offset);
    }
    return text.toString();
  }
}
