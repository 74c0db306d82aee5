package io.spendwatch.ops.capture.source;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.metrics.PluginMetrics;
import org.apache.kafka.connect.source.SourceTaskContext;
import org.apache.kafka.connect.storage.OffsetStorageReader;

/** What a task of Kafka Connect expects of whoever runs it: its settings, and where to go on. */
public final class KeptOffset implements SourceTaskContext, OffsetStorageReader {
  private final Map<String, String> settings;
  private final Map<String, Object> offset;

  /**
   * For one task.
   *
   * @param offset null for none
   */
  public KeptOffset(Map<String, String> settings, Map<String, Object> offset) {
    this.settings = settings;
    this.offset = offset;
  }

  @Override
  public Map<String, String> configs() {
    return settings;
  }

  @Override
  public OffsetStorageReader offsetStorageReader() {
    return this;
  }

  @Override
  public PluginMetrics pluginMetrics() {
    return null;
  }

  @Override
  public <T> Map<String, Object> offset(Map<String, T> partition) {
    return offset;
  }

  @Override
  public <T> Map<Map<String, T>, Map<String, Object>> offsets(
      Collection<Map<String, T>> partitions) {
    Map<Map<String, T>, Map<String, Object>> offsets = new HashMap<>();
    partitions.forEach(partition -> offsets.put(partition, offset));
    return offsets;
  }
}
