package io.spendwatch.streams.life;

import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Verdict;
import java.util.Locale;
import java.util.Map;

/**
 * Told of what the pipelines of a node have done, a batch at a time: never once per record. Must
 * not block or throw. Called by any thread.
 */
public interface PipelineMetrics {

  /** What a batch of transactions goes through, one after the other. */
  enum Stage {
    /** From bytes to transactions. */
    DECODE_TRANSACTIONS,
    /** By the partition's actor and its users', what they read included. */
    ASSESS_EXPOSURE,
    /** Until the rows are durable, the wait for the statement before included. */
    WRITE_LEDGER,
    /**
     * Of batches that have alerts or dead letters, from being sent until they can be read. Where
     * they are sent ahead, that is while their rows are being written.
     */
    PUBLISH_ALERTS;

    /** As it is called in the streams and in the documents. */
    public String label() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /** Who did not do what it was asked for. */
  enum Server {
    KAFKA,
    POSTGRES
  }

  /** So many rows with this verdict have become durable. */
  void stored(Verdict verdict, long rows);

  /** So many records had their row already. */
  void duplicates(long records);

  /**
   * An alert can be read.
   *
   * @param afterMs since the timestamp of the record that it came of; negative where it came of
   *     none: time, or a balance, ends episodes too
   */
  void alerted(AlertType type, boolean late, long afterMs);

  /**
   * So many dead letters can be read.
   *
   * @param topic that the records came from
   */
  void deadLetters(String topic, DeadLetterReason reason, long letters);

  /**
   * Of these dead letters, so many are of each of these users: by the records' keys, as text, where
   * they have one that may be a user's.
   *
   * @param topic that the records came from
   */
  void deadLetterUsers(String topic, Map<String, Integer> lettersByUser);

  /** A batch has taken so long for a stage. */
  void took(Stage stage, long nanos);

  /** Something has to be tried again. */
  void failedTry(Server server);
}
