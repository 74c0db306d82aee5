package io.spendwatch.streams.capture;

import io.spendwatch.streams.capture.change.LogPosition;

/** Places in a log, one after the other: the n-th was committed in second n. For one thread. */
final class LogPlaces {
  private long place;

  LogPosition next() {
    place++;
    return new LogPosition("lsn=" + place, place, 1000 * place);
  }
}
