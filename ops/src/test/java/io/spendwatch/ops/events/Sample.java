package io.spendwatch.ops.events;

import io.spendwatch.actors.exposure.Rule;
import io.spendwatch.ops.alerts.AlertPosition;
import io.spendwatch.ops.alerts.AlertTail;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertType;

/** Alerts of a topic with two partitions. */
final class Sample {
  private Sample() {}

  static AlertPosition at(long next0, long next1) {
    return AlertPosition.of("topic-id", next0, next1);
  }

  /** Its JSON is its place: {@code 1/7}. */
  static AlertTail.Received alert(int partition, long offset) {
    return alert(partition, offset, "u");
  }

  static AlertTail.Received alert(int partition, long offset, String userId) {
    return new AlertTail.Received(
        new Alert(
            partition + "/" + offset,
            AlertType.RAISED,
            "e",
            userId,
            "t",
            2,
            1,
            "USD",
            1,
            0,
            0,
            false,
            null,
            null,
            Rule.EXPOSURE_24H.applied(),
            new Alert.Source("transactions", 0, 7)),
        partition + "/" + offset,
        partition,
        offset);
  }
}
