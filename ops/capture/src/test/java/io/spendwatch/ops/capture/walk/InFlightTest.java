package io.spendwatch.ops.capture.walk;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.streams.capture.BalanceClock;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.connect.source.SourceRecord;
import org.junit.jupiter.api.Test;

class InFlightTest {
  private static final BalanceClock.State CLOCK = BalanceClock.State.INITIAL;

  private final InFlight inFlight = new InFlight();

  private static SourceRecord place(long lsn) {
    return new SourceRecord(Map.of(), Map.of("lsn", lsn), "t", null, null);
  }

  private InFlight.Batch batch(SourceRecord place, int records) {
    var batch = new InFlight.Batch();
    batch.upTo(place);
    for (int i = 0; i < records; i++) {
      batch.sent();
    }
    inFlight.add(batch, CLOCK);
    return batch;
  }

  private Optional<SourceRecord> takePlace() {
    return inFlight.takeDone().flatMap(InFlight.Batch::place);
  }

  @Test
  void aPlaceIsDoneOnceAllUpToItIsAcknowledged() {
    InFlight.Batch first = batch(place(1), 2);
    InFlight.Batch second = batch(place(2), 1);
    second.acknowledged();
    first.acknowledged();
    assertThat(takePlace()).isEmpty();

    first.acknowledged();
    assertThat(takePlace()).contains(place(2));
    assertThat(takePlace()).as("only once").isEmpty();
  }

  @Test
  void aBatchThatIsStillBeingSentIsNotDone() {
    var batch = new InFlight.Batch();
    batch.upTo(place(1));
    batch.sent();
    batch.acknowledged();
    inFlight.add(batch, CLOCK);
    assertThat(takePlace()).contains(place(1));
  }

  @Test
  void whereABatchHasNoPlaceThatOfTheOneBeforeHolds() {
    InFlight.Batch first = batch(place(1), 1);
    inFlight.add(new InFlight.Batch(), CLOCK);
    first.acknowledged();
    assertThat(takePlace()).contains(place(1));
  }
}
