package io.spendwatch.loadgen.workload;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * A short course of spend with a known answer. It begins and ends with an exposure of zero, so that
 * its user can go through another one.
 */
public enum Scenario {
  /** Many small purchases; the last takes the user over the balance. */
  DRIP {
    @Override
    void write(Script script) {
      int purchases = script.random.nextInt(10, 20);
      long eachMinor = BALANCE_MINOR / purchases;
      for (int i = 1; i < purchases; i++) {
        script.purchase(script.anyGapMs(), eachMinor - script.random.nextLong(eachMinor / 10));
      }
      long leftMinor = BALANCE_MINOR - script.exposureMinor;
      script.raise(script.anyGapMs(), leftMinor + 1 + script.random.nextLong(eachMinor));
      script.settle();
    }
  },

  /** Three big purchases within milliseconds; the last takes the user over the balance. */
  SPREE {
    @Override
    void write(Script script) {
      script.purchase(0, script.anyMinor(0.40, 0.49));
      script.purchase(1, script.anyMinor(0.40, 0.49));
      script.raise(1, script.anyMinor(0.25, 0.90));
      script.settle();
    }
  },

  /** Lands exactly on the balance: no alert. */
  AT_LIMIT {
    @Override
    void write(Script script) {
      script.reachBalance();
      script.settle();
    }
  },

  /** Lands exactly on the balance, goes one minor unit over it, and is refunded that unit. */
  ONE_OVER {
    @Override
    void write(Script script) {
      script.reachBalance();
      script.raise(script.anyGapMs(), 1);
      script.clear(script.anyGapMs(), 1);
      script.settle();
    }
  },

  /** A refund makes room for what would otherwise take the user over the balance: no alert. */
  REFUND_BEFORE_LIMIT {
    @Override
    void write(Script script) {
      script.purchase(0, script.anyMinor(0.70, 0.90));
      script.refund(script.anyGapMs(), script.anyMinor(0.40, 0.60));
      script.purchase(script.anyGapMs(), script.anyMinor(0.40, 0.50));
      script.settle();
    }
  },

  /**
   * Two purchases stay below the balance, until one arrives late that took place between them. Now
   * the second one is in breach, or already the late one.
   */
  LATE_REVEAL {
    @Override
    void write(Script script) {
      long firstMinor = script.anyMinor(0.40, 0.49);
      long secondMinor = script.anyMinor(0.40, 0.49);
      script.purchase(0, firstMinor);
      script.purchase(LATE_GAP_MS, secondMinor);
      long olderMs = 1 + script.random.nextLong(LATE_GAP_MS - 1);
      if (script.random.nextBoolean()) {
        long roomMinor = BALANCE_MINOR - firstMinor;
        script.raiseLate(
            olderMs, roomMinor - script.random.nextLong(secondMinor), Alerts.RAISED_AT_LATEST);
      } else {
        script.raiseLate(olderMs, script.anyMinor(0.70, 0.90), Alerts.RAISED);
      }
      script.settle();
    }
  };

  /** Of each user of a scenario, minor units. */
  static final long BALANCE_MINOR = 50_000;

  private static final long GAP_MS_MAX = 100;
  private static final long LATE_GAP_MS = 50;

  /** What a step leads to. */
  enum Alerts {
    NONE,
    /** At the step's own event time. */
    RAISED,
    /** At the one with the latest event time so far. */
    RAISED_AT_LATEST,
    /** At the step's own event time. */
    CLEARED
  }

  /**
   * One transaction.
   *
   * @param gapMs after the one that was sent before it
   * @param signedMinor negative for a refund
   * @param olderMs than the one before it, by event time; 0 for one that happens when it is sent
   */
  record Step(long gapMs, long signedMinor, long olderMs, Alerts alerts) {}

  /** The name in options, tables and user ids. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** One course of it, in order of sending. */
  List<Step> steps(SplittableRandom random) {
    var script = new Script(random);
    write(script);
    return script.steps;
  }

  abstract void write(Script script);

  /** Writes down the steps, and keeps the sum. */
  static final class Script {
    private final SplittableRandom random;
    private final List<Step> steps = new ArrayList<>();
    private long exposureMinor;
    private boolean raised;

    private Script(SplittableRandom random) {
      this.random = random;
    }

    private long anyGapMs() {
      return 1 + random.nextLong(GAP_MS_MAX);
    }

    private long anyMinor(double fromShare, double toShare) {
      return random.nextLong(
          Math.round(fromShare * BALANCE_MINOR), Math.round(toShare * BALANCE_MINOR));
    }

    private void purchase(long gapMs, long amountMinor) {
      add(new Step(gapMs, amountMinor, 0, Alerts.NONE));
    }

    private void refund(long gapMs, long amountMinor) {
      add(new Step(gapMs, -amountMinor, 0, Alerts.NONE));
    }

    private void raise(long gapMs, long amountMinor) {
      add(new Step(gapMs, amountMinor, 0, Alerts.RAISED));
      raised = true;
    }

    private void raiseLate(long olderMs, long amountMinor, Alerts alerts) {
      add(new Step(anyGapMs(), amountMinor, olderMs, alerts));
      raised = true;
    }

    private void clear(long gapMs, long amountMinor) {
      add(new Step(gapMs, -amountMinor, 0, Alerts.CLEARED));
      raised = false;
    }

    private void reachBalance() {
      purchase(0, anyMinor(0.30, 0.60));
      purchase(anyGapMs(), anyMinor(0.10, 0.30));
      purchase(anyGapMs(), BALANCE_MINOR - exposureMinor);
    }

    /** Refunds all of it, which ends an episode. */
    private void settle() {
      if (raised) {
        clear(anyGapMs(), exposureMinor);
      } else {
        refund(anyGapMs(), exposureMinor);
      }
    }

    private void add(Step step) {
      steps.add(step);
      exposureMinor += step.signedMinor();
    }
  }
}
