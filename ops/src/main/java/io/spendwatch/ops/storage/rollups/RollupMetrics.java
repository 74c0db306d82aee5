package io.spendwatch.ops.storage.rollups;

import java.time.Duration;
import java.time.LocalDate;
import java.util.List;

/** What is counted of the roll-ups. Thread-safe. */
public interface RollupMetrics {

  /** A look has added so many transactions and alerts. */
  void kept(Rollups.Added added, Duration took);

  /** A look could not. */
  void failed();

  /** Users' features are there for everybody, as of this day (UTC). */
  void featuresAsOf(LocalDate day);

  /** How far behind each is. */
  void lag(List<Rollups.State> states);
}
