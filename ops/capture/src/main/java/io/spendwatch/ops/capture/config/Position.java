package io.spendwatch.ops.capture.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.streams.capture.BalanceClock;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** How far a capture is. */
public sealed interface Position {

  /** Nothing was ever captured. */
  record None() implements Position {}

  /** A snapshot was begun; how far it came is not kept. */
  record InSnapshot() implements Position {}

  /**
   * All changes up to a place in the log are in Kafka.
   *
   * @param offset the place, as the task that reads the log has given it
   * @param clock as it was there
   * @param tables whose rows of before were sent
   */
  record InLog(Map<String, Object> offset, BalanceClock.State clock, Set<String> tables)
      implements Position {}

  /** Whether an offset is one of a snapshot's: one that is interrupted is begun anew. */
  static boolean isWithinSnapshot(Map<String, ?> offset) {
    return offset.get("snapshot") != null && !Boolean.TRUE.equals(offset.get("snapshot_completed"));
  }

  /** How a position is written: JSON. */
  final class Json {
    // Whole numbers come back as they went: the task expects longs.
    private static final ObjectMapper MAPPER =
        JsonMapper.builder().enable(DeserializationFeature.USE_LONG_FOR_INTS).build();

    private Json() {}

    /** All that is written, of either kind. */
    private record Written(
        String phase,
        Map<String, Object> offset,
        Long clockMs,
        Map<String, Long> latestMs,
        Set<String> tables) {}

    public static byte[] write(Position position) {
      try {
        return MAPPER.writeValueAsBytes(
            switch (position) {
              case None _, InSnapshot _ -> new Written("SNAPSHOT", null, null, null, null);
              case InLog(
                      Map<String, Object> offset,
                      BalanceClock.State clock,
                      Set<String> tables) ->
                  new Written("LOG", offset, clock.nowMs(), clock.latestMs(), tables);
            });
      } catch (JsonProcessingException e) {
        throw new IllegalArgumentException(e);
      }
    }

    /**
     * Reads what {@link #write} has written.
     *
     * @param place for the message
     * @throws OperatorException if it is something else
     */
    public static Position read(String place, byte[] value) {
      try {
        Written written = MAPPER.readValue(value, Written.class);
        return switch (written.phase()) {
          case "SNAPSHOT" -> new InSnapshot();
          case "LOG" ->
              new InLog(
                  new HashMap<>(written.offset()),
                  new BalanceClock.State(written.clockMs(), written.latestMs()),
                  Set.copyOf(written.tables()));
          case null, default -> throw new IOException("phase " + written.phase());
        };
      } catch (IOException e) {
        throw new OperatorException(
            place + " has no position that this version can read: " + e.getMessage(), e);
      }
    }
  }
}
