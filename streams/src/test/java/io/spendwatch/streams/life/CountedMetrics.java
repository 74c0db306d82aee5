package io.spendwatch.streams.life;

import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What the pipelines have told, summed up. Thread-safe. */
public final class CountedMetrics implements PipelineMetrics {
  private final Map<String, Long> counts = new ConcurrentHashMap<>();
  private final List<Long> alertsAfterMs = new ArrayList<>();

  /** By what is counted, with its labels, such as {@code stored CLEAR}. */
  public Map<String, Long> counts() {
    return Map.copyOf(counts);
  }

  synchronized List<Long> alertsAfterMs() {
    return List.copyOf(alertsAfterMs);
  }

  @Override
  public void stored(Verdict verdict, long rows) {
    add("stored " + verdict, rows);
  }

  @Override
  public void duplicates(long records) {
    add("duplicates", records);
  }

  @Override
  public synchronized void alerted(AlertType type, boolean late, long afterMs) {
    add("alerts " + type + (late ? " late" : ""), 1);
    alertsAfterMs.add(afterMs);
  }

  @Override
  public void deadLetters(String topic, DeadLetterReason reason, long letters) {
    add("dead letters " + topic + " " + reason, letters);
  }

  @Override
  public void deadLetterUsers(String topic, Map<String, Integer> lettersByUser) {
    lettersByUser.forEach((user, letters) -> add("dead letters " + topic + " of " + user, letters));
  }

  @Override
  public void took(Stage stage, long nanos) {
    add("took " + stage.label(), 1);
  }

  @Override
  public void failedTry(Server server) {
    add("failed " + server, 1);
  }

  private void add(String what, long n) {
    counts.merge(what, n, Long::sum);
  }
}
