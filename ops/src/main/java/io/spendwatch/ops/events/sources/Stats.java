package io.spendwatch.ops.events.sources;

/**
 * How the cluster goes: the data of a {@code stats} event. Rates are per second, over the time
 * since the event before, and null where there was none.
 *
 * @param at when it was so, ISO 8601
 * @param node the id of the node that tells
 * @param nodes members of the cluster
 * @param nodesReady of these
 * @param transactionsPerSecond rows written
 * @param alertsPerSecond published
 * @param worstLag the partition of which most records are to be assessed; null while none is known
 * @param alertTime of the last minute; null for no alert
 * @param usersAwake in memory
 * @param audit null before the first run
 */
record Stats(
    String at,
    String node,
    int nodes,
    int nodesReady,
    Double transactionsPerSecond,
    Double alertsPerSecond,
    Double duplicatesPerSecond,
    Double deadLettersPerSecond,
    Lag worstLag,
    AlertTimes.Summary alertTime,
    long usersAwake,
    Audit audit) {

  /**
   * What a partition is behind.
   *
   * @param node that consumes it, by its id
   * @param seconds between the last assessed event time and the clock; null while unknown
   */
  record Lag(String topic, int partition, String node, long records, Double seconds) {}

  /**
   * What is known of the audit.
   *
   * @param state {@code CLEAN}, {@code FINDINGS} or {@code FAILED}: of the last run; {@code
   *     RUNNING}
   * @param openFindings of all runs, which none has found gone
   */
  record Audit(String state, String finishedAt, long openFindings) {}
}
