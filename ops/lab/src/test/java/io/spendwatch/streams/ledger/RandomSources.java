package io.spendwatch.streams.ledger;

import io.spendwatch.streams.ledger.RandomCalls.Call;
import io.spendwatch.streams.ledger.SimulatedPipelines.Pipeline;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;

/** Calls about layouts of the topic, and about what the rows come from. */
final class RandomSources {
  private static final int GROWN_TO = 3;

  private final RandomDraw draw;
  private final Random random;
  private final SimulatedPostgres stored;

  /**
   * @param stored what the calls before have left
   */
  RandomSources(RandomDraw draw, SimulatedPostgres stored) {
    this.draw = draw;
    this.random = draw.random();
    this.stored = stored;
  }

  Call adopt() {
    return new Call(
        "adopt",
        RandomDraw.PARTITIONS,
        on -> on.layouts().adopt(RandomDraw.PARTITIONS).thenApply(_ -> "done"));
  }

  Call layout() {
    int partition = draw.anyPartition();
    long epoch =
        Math.max(
            1,
            stored.pipelines().getOrDefault(partition, new Pipeline()).epoch() - random.nextInt(2));
    int more = RandomDraw.PARTITIONS + 1 + random.nextInt(3);
    return switch (random.nextInt(8)) {
      case 0 -> new Call("adopt", more, on -> on.layouts().adopt(more).thenApply(_ -> "done"));
      case 1 ->
          new Call("announce", more, on -> on.layouts().announce(more).thenApply(_ -> "done"));
      case 2, 3 -> {
        List<Long> marks = List.of(random.nextLong(3), random.nextLong(3));
        yield new Call(
            "begin growth",
            more,
            on ->
                on.layouts().begin(RandomDraw.PARTITIONS, GROWN_TO, marks).thenApply(_ -> "done"));
      }
      case 4, 5 -> new Call("hold", partition, on -> on.ledger().hold(partition, epoch, GROWN_TO));
      case 6 -> new Call("finish growth", GROWN_TO, on -> on.layouts().finish(GROWN_TO));
      default -> new Call("read layout", "", on -> on.layouts().read());
    };
  }

  /** What is known of the topic that the rows come from, and is lost of it. */
  Call source() {
    String topic = draw.any(List.of("transactions", "balances"));
    String topicId = draw.any(List.of("id 1", "id 2"));
    int partition = draw.anyPartition();
    long offset = random.nextLong(20);
    long epoch = stored.pipelines().getOrDefault(partition, new Pipeline()).epoch();
    Sources.Rewind rewind =
        new Sources.Rewind(topic, topicId, partition, offset % 3, 3 + offset % 2);
    return switch (random.nextInt(9)) {
      case 3 -> {
        boolean isToBeRead = draw.oneIn(3);
        yield new Call(
            "rewind",
            rewind + " to be read: " + isToBeRead,
            on -> on.sources().rewind(rewind, isToBeRead, "n", RandomDraw.START_MS));
      }
      case 4 -> new Call("seen alerts", partition, on -> on.sources().seenAlerts(partition));
      case 5 ->
          new Call(
              "balances place",
              topicId + partition,
              on -> on.sources().balancesPlace(topicId, partition));
      case 6 ->
          new Call(
              "note balances place",
              "%s-%d at %d".formatted(topicId, partition, offset),
              on -> on.sources().noteBalancesPlace(topicId, partition, offset));
      case 0 ->
          new Call("topic id", topic + partition, on -> on.sources().topicId(topic, partition));
      case 1 -> new Call("rows end", partition, on -> on.sources().rowsEnd(partition));
      case 2 -> {
        OptionalLong under =
            topic.equals("balances")
                ? OptionalLong.empty()
                : OptionalLong.of(epoch - (draw.oneIn(3) ? 1 : 0));
        yield new Call(
            "adopt",
            "%s-%d %s at %d under %s".formatted(topic, partition, topicId, offset, under),
            on -> on.sources().adopt(topic, partition, topicId, offset + 2, offset, under));
      }
      default -> {
        Sources.Lost lost =
            new Sources.Lost(
                topic,
                topicId,
                partition,
                offset,
                draw.oneIn(5)
                    ? OptionalLong.empty()
                    : OptionalLong.of(offset + random.nextInt(1, 12)),
                "EXPIRED");
        long rowsBefore = draw.oneIn(2) ? 0 : random.nextLong(30);
        yield new Call(
            "lose",
            lost + " but for rows before " + rowsBefore,
            on ->
                on.sources()
                    .lose(lost, lost.to().isEmpty() ? 0 : rowsBefore, "n", RandomDraw.START_MS));
      }
    };
  }
}
