package io.spendwatch.ops.storage.retention;

import io.spendwatch.ops.storage.retention.RetentionConfig.Kind;
import java.util.Map;

/** Told of each look for what is old. Must not block or throw. */
public interface RetentionMetrics {
  /** Of a process that has none. */
  RetentionMetrics NONE =
      new RetentionMetrics() {
        @Override
        public void removed(Map<Kind, Long> rows) {
          // Nobody asks.
        }

        @Override
        public void failed(Map<Kind, Long> rows) {
          // Nobody asks.
        }
      };

  /** A look that went well, and how many rows went, of each kind that is not kept for ever. */
  void removed(Map<Kind, Long> rows);

  /** One that could not be done to its end; the next goes on from there. */
  void failed(Map<Kind, Long> rows);
}
