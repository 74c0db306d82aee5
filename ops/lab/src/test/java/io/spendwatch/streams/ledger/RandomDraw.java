package io.spendwatch.streams.ledger;

import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/**
 * What random calls are made of, drawn from a seed. It comes close to itself on purpose: few users,
 * few instants, which lie whole windows and days apart or a millisecond beside that.
 */
final class RandomDraw {
  /** The days that have their partition from the start; instants reach further. */
  static final List<LocalDate> FIRST_DAYS =
      LocalDate.of(2024, 2, 27).datesUntil(LocalDate.of(2024, 3, 2)).toList();

  static final int FIRST_DAYS_QUARTERS = 4 * FIRST_DAYS.size();
  static final int ALL_QUARTERS = FIRST_DAYS_QUARTERS + 8;
  static final long QUARTER_MS = Duration.ofHours(6).toMillis();
  static final long START_MS =
      FIRST_DAYS.getFirst().atStartOfDay().toInstant(ZoneOffset.UTC).toEpochMilli();
  static final List<String> USERS = List.of("u1", "u2", "ü\"\\, '3'", "😀");
  static final List<String> CURRENCIES = List.of("USD", "EUR");
  static final int PARTITIONS = 2;

  private final Random random;

  RandomDraw(long seed) {
    this.random = new Random(seed);
  }

  /** For what has no bounds of its own here. */
  Random random() {
    return random;
  }

  /** Few, so that the same comes again. */
  long balanceMinor() {
    return any(List.of(-5L, 0L, 100L));
  }

  long asOfMs() {
    return START_MS + random.nextInt(4);
  }

  /** A user's records are all in one partition, but for the one that is claimed late. */
  String userOf(int partition) {
    return USERS.get(2 * random.nextInt(USERS.size() / 2) + partition % 2);
  }

  long instantMs(int quarters) {
    return START_MS
        + random.nextInt(1, quarters) * QUARTER_MS
        + (oneIn(2) ? 0 : random.nextInt(-1, 2));
  }

  /** Mostly one of those that are claimed first. */
  int anyPartition() {
    return oneIn(8) ? PARTITIONS : random.nextInt(PARTITIONS);
  }

  boolean oneIn(int count) {
    return random.nextInt(count) == 0;
  }

  <T> T any(List<T> values) {
    return values.get(random.nextInt(values.size()));
  }

  <T> List<T> some(int max, Supplier<T> one) {
    List<T> values = new ArrayList<>();
    int count = random.nextInt(max + 1);
    for (int i = 0; i < count; i++) {
      values.add(one.get());
    }
    return values;
  }
}
