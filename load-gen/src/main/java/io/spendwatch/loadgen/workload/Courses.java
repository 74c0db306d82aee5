package io.spendwatch.loadgen.workload;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.spendwatch.loadgen.oracle.KnownAlert;
import io.spendwatch.loadgen.oracle.Oracle;
import io.spendwatch.loadgen.workload.Scenario.Step;
import io.spendwatch.loadgen.workload.WorkloadSettings.Scenarios;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.Balance;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * The ways of users through {@link Scenario}s, with the alerts that must come of them. Each
 * scenario has users of its own, each user goes through one course at a time and is idle in
 * between, with an exposure of zero. For one thread.
 */
public final class Courses {

  /**
   * After it, none begins any more: their users' exposure would no longer be zero when what they
   * did before leaves the window.
   */
  static final long BEGIN_FOR_MS = Oracle.WINDOW_MS - 60L * 60 * 1000;

  /** No course takes longer; so many seconds' users of each scenario are enough. */
  private static final int SECONDS_MAX = 10;

  private final WorkloadSettings settings;
  private final SplittableRandom random;
  private final Map<Scenario, Deque<String>> idle = new EnumMap<>(Scenario.class);
  private final PriorityQueue<Course> underWay =
      new PriorityQueue<>(
          Comparator.comparingLong((Course course) -> course.dueMs)
              .thenComparingLong(course -> course.number));
  private double nextBeginsMs = Double.NaN;
  private long beginUntilMs;
  private long begun;

  Courses(WorkloadSettings settings, SplittableRandom random) {
    this.settings = settings;
    this.random = random;
    Scenarios scenarios = settings.scenarios();
    if (!scenarios.none()) {
      int usersEach =
          1 + (int) Math.ceil(scenarios.perSecond() * SECONDS_MAX / scenarios.kinds().size());
      for (Scenario kind : scenarios.kinds()) {
        Deque<String> userIds = new ArrayDeque<>(usersEach);
        for (int i = 0; i < usersEach; i++) {
          userIds.add(settings.idPrefix() + kind.label() + "-" + i);
        }
        idle.put(kind, userIds);
      }
    }
  }

  /** Before the first begins only: of users who are idle. */
  Stream<Balance> accounts(long asOfMs) {
    return List.copyOf(idle.values()).stream()
        .flatMap(Deque::stream)
        .map(
            userId ->
                new Balance(userId, null, Scenario.BALANCE_MINOR, settings.currency(), asOfMs));
  }

  /** How many {@link #accounts(long)} there are. */
  long accounts() {
    return idle.values().stream().mapToLong(Deque::size).sum();
  }

  /** Begins the next course, where it is time for it and one of its users is idle. */
  void begin(long nowMs) {
    Scenarios scenarios = settings.scenarios();
    if (scenarios.none()) {
      return;
    }
    if (Double.isNaN(nextBeginsMs)) {
      nextBeginsMs = nowMs;
      beginUntilMs = nowMs + BEGIN_FOR_MS;
    }
    Scenario scenario = scenarios.kinds().get((int) (begun % scenarios.kinds().size()));
    if (nextBeginsMs <= nowMs && nowMs < beginUntilMs && !idle.get(scenario).isEmpty()) {
      String userId = idle.get(scenario).removeFirst();
      underWay.add(new Course(begun, scenario, userId, scenario.steps(random.split()), nowMs));
      begun++;
      nextBeginsMs += 1_000 / scenarios.perSecond();
    }
  }

  /** Whether a step of one is due, or has been for a while. */
  boolean isDue(long nowMs) {
    return !underWay.isEmpty() && underWay.peek().dueMs <= nowMs;
  }

  /**
   * The step that has been due the longest; only while one {@linkplain #isDue is}.
   *
   * @param number of its transaction
   */
  Spend next(long number, long nowMs) {
    Course course = underWay.remove();
    Spend next = course.go(settings.idPrefix() + number, nowMs);
    if (course.isOver()) {
      idle.get(course.scenario).addLast(course.userId);
    } else {
      underWay.add(course);
    }
    return next;
  }

  /** A step that was sent. */
  private record Done(String transactionId, long eventTimeMs, long signedMinor) {}

  /** One user's way through a scenario. */
  private static final class Course {
    private final long number;
    private final Scenario scenario;
    private final String userId;
    private final List<Step> steps;
    private final List<Done> done = new ArrayList<>();

    /** When its next step is to be sent. */
    private long dueMs;

    Course(long number, Scenario scenario, String userId, List<Step> steps, long dueMs) {
      this.number = number;
      this.scenario = scenario;
      this.userId = userId;
      this.steps = steps;
      this.dueMs = dueMs;
    }

    /** Takes the next step now. */
    Spend go(String transactionId, long nowMs) {
      Step step = steps.get(done.size());
      // Counted from the latest by event time, so that an older one lies behind it by so much.
      long eventTimeMs = step.olderMs() == 0 ? nowMs : latest().eventTimeMs() - step.olderMs();
      done.add(new Done(transactionId, eventTimeMs, step.signedMinor()));
      if (!isOver()) {
        dueMs = nowMs + steps.get(done.size()).gapMs();
      }
      return new Spend(
          userId.getBytes(US_ASCII),
          step.signedMinor(),
          eventTimeMs,
          Spend.NO_ORIGINAL,
          alert(step),
          scenario);
    }

    boolean isOver() {
      return done.size() == steps.size();
    }

    /** What must come of the step that was just taken; null for nothing. */
    private KnownAlert alert(Step step) {
      Done at =
          switch (step.alerts()) {
            case NONE -> null;
            case RAISED, CLEARED -> done.getLast();
            case RAISED_AT_LATEST -> latest();
          };
      if (at == null) {
        return null;
      }
      boolean cleared = step.alerts() == Scenario.Alerts.CLEARED;
      return new KnownAlert(
          cleared ? AlertType.CLEARED : AlertType.RAISED,
          userId,
          at.transactionId(),
          at.eventTimeMs(),
          exposureMinor(at.eventTimeMs()),
          Scenario.BALANCE_MINOR,
          step.olderMs() > 0,
          cleared ? AlertCause.REFUND : null);
    }

    private Done latest() {
      return done.stream().max(Comparator.comparingLong(Done::eventTimeMs)).orElseThrow();
    }

    private long exposureMinor(long atMs) {
      return done.stream().filter(d -> d.eventTimeMs() <= atMs).mapToLong(Done::signedMinor).sum();
    }
  }
}
