package io.spendwatch.ops.analysis;

import io.spendwatch.ops.status.ReplicaStatus;
import java.time.Duration;

/** What is counted of questions. Thread-safe. */
public interface AnalysisMetrics {

  /** A report, by its word, was answered, from such a source. */
  void answered(String report, String source);

  /** A report was read, whether somebody waits for it or not. */
  void read(String report, Duration took);

  /** A report was answered with what somebody else had read. */
  void shared(String report);

  /** A report was refused, or could not be had. */
  void refused(String report);

  /** How the replica stands. */
  void replica(ReplicaStatus status);
}
