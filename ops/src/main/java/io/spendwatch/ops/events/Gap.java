package io.spendwatch.ops.events;

/**
 * A client has not been sent all that it asked for.
 *
 * @param lost at most so many events, with {@code userId} those of all users; null for nobody knows
 * @param after the last id before it: whoever comes again with it is sent what is missing, as far
 *     as the topic keeps it; null for a client without alerts
 */
record Gap(Reason reason, Long lost, String after) {

  /** Why. */
  enum Reason {
    /** The client has read more slowly than events came. */
    SLOW,
    /** The topic does not keep what comes after the client's last id. */
    EXPIRED,
    /** The client's last id is of a topic that was deleted: it is sent all of the present one. */
    OTHER_TOPIC
  }

  String json() {
    StringBuilder json = new StringBuilder("{\"reason\":\"").append(reason).append('"');
    if (lost != null) {
      json.append(",\"lost\":").append(lost);
    }
    if (after != null) {
      json.append(",\"after\":\"").append(after).append('"');
    }
    return json.append('}').toString();
  }
}
