package io.spendwatch.loadgen.shop;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;

/** What an application does with its database, a transaction at a time. Thread-safe. */
interface Application {
  /** One SQL transaction. */
  @FunctionalInterface
  interface Step {
    /**
     * Does all of it but the end. May be run again from the beginning where the database has undone
     * it.
     *
     * @param connection on which no transaction is open
     */
    Outcome run(Connection connection) throws SQLException;
  }

  /** A line of a sale, which can be returned. */
  record SoldLine(
      long ticket, long item, long customer, long store, int quantity, long priceMinor) {}

  /** What a step came to, once it is committed; {@link Undone} is rolled back instead. */
  sealed interface Outcome {
    /** A sale. */
    record Sold(List<SoldLine> lines, long amountMinor) implements Outcome {}

    /** Of a line of an earlier sale, in part or whole. */
    record Returned(long amountMinor) implements Outcome {}

    /** An item is there again. */
    record Delivered() implements Outcome {}

    /** A transaction of the plain shop; negative for money back. */
    record Spent(long amountMinor) implements Outcome {}

    /** Who spends more than they have, by id. */
    record Asked(Set<Long> riskyUsers) implements Outcome {}

    /** The connection was lost while it was being committed: it may have happened or not. */
    record Unknown() implements Outcome {}

    /** Nothing has happened. */
    sealed interface Undone extends Outcome {}

    /** There is not as much of an item as was wanted. */
    record OutOfStock(long item) implements Undone {}

    /** Somebody else has returned that line. */
    record ReturnedBefore() implements Undone {}
  }

  /** What comes next; chosen here, so that it stays the same however often it is tried. */
  Step next(SplittableRandom random, LocalDateTime nowUtc);

  /** What has to follow at once, if anything. */
  Optional<Step> followUp(Outcome outcome, LocalDateTime nowUtc);
}
