package io.spendwatch.loadgen;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.spendwatch.loadgen.Scenario.Step;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.Money;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Invented spend that happens now, and the alerts that must come of it. The same settings and the
 * same instants give the same records.
 *
 * <p>Most of it is of background users, who never breach, whatever order their records come in and
 * however long it goes on: their balance is more than any number of purchases that they can make
 * within 24 h ({@link #BACKGROUND_BALANCE_MINOR}), and refunds only lower an exposure. So an alert
 * of theirs is one too many. Into it are mixed {@link Scenario}s, each with users of its own, each
 * user going through one at a time, from an exposure of zero to an exposure of zero. Copies of
 * recent records of either are sent again; they must change nothing.
 *
 * <p>Memory does not grow with background users, records or time; a record takes constant time. For
 * one thread.
 */
public final class Workload {

  private static final int AMOUNT_MINOR_MAX = 10_000;

  /**
   * Covers 10¹³ purchases of the largest amount: more than a hundred million a second for 24 h, all
   * of one user. A hundred times less than what a 64-bit sum can hold.
   */
  static final long BACKGROUND_BALANCE_MINOR = 10_000_000_000_000L * AMOUNT_MINOR_MAX;

  /**
   * After it, scenarios begin no more: their users' exposure would no longer be zero when what they
   * did before leaves the window.
   */
  static final long SCENARIOS_FOR_MS = Alert.WINDOW_MS - 60L * 60 * 1000;

  /** From how many of the latest records and purchases copies and refunds are drawn. */
  private static final int RECENT = 1_024;

  /** No scenario takes longer; so many seconds' users of each are enough. */
  private static final int SCENARIO_SECONDS_MAX = 10;

  private static final int MERCHANTS = 1_000;
  private static final long NO_ORIGINAL = -1;

  /** Leaves room for what follows it in ids of 64 characters. */
  private static final Pattern RUN = Pattern.compile("[A-Za-z0-9-]{1,32}");

  /**
   * What to invent.
   *
   * @param run begins all ids: different for each run, so that nothing from before is in a window;
   *     1 to 32 letters, digits and hyphens
   * @param currency of all amounts, ISO 4217
   * @param duplicateShare of the records, copies of one before: 0 ≤ share &lt; 1
   * @param refundShare of the background's transactions, 0 to 1
   */
  public record Settings(
      String run,
      long seed,
      String currency,
      Users users,
      Disorder disorder,
      double duplicateShare,
      double refundShare,
      Scenarios scenarios) {

    /**
     * Checks what is left to check.
     *
     * @throws IllegalArgumentException for what cannot be; the message says which and what can
     */
    public Settings {
      require(RUN.matcher(run).matches(), "run", run, "1 to 32 letters, digits and hyphens");
      require(Money.isCurrency(currency), "currency", currency, "an ISO 4217 code");
      require(
          duplicateShare >= 0 && duplicateShare < 1,
          "duplicates",
          duplicateShare,
          "a share, 0 to less than 1");
      requireShare("refunds", refundShare);
    }

    /** Uniform users, in order, no duplicates, no refunds, no scenarios, in USD. */
    public static Settings plain(String run, long seed, int users) {
      return new Settings(
          run, seed, "USD", Users.uniform(users), Disorder.NONE, 0, 0, Scenarios.NONE);
    }
  }

  /**
   * The background's users, and which of them spend how often.
   *
   * @param count at least 1
   * @param zipfExponent 0 for uniform; else the first users spend the more often, the greater it is
   * @param hotCount the first so many users, fewer than {@code count}, ...
   * @param hotShare ... have this share of the records among them, evenly
   */
  public record Users(int count, double zipfExponent, int hotCount, double hotShare) {
    /**
     * Checks them.
     *
     * @throws IllegalArgumentException for what cannot be
     */
    public Users {
      require(count >= 1, "users", count, "at least 1");
      require(zipfExponent >= 0 && zipfExponent <= 10, "skew", zipfExponent, "0 to 10");
      require(hotCount >= 0 && hotCount < count, "hot users", hotCount, "fewer than all users");
      requireShare("hot share", hotShare);
      require(hotCount > 0 || hotShare == 0, "hot share", hotShare, "0 without hot users");
    }

    /** All alike. */
    public static Users uniform(int count) {
      return new Users(count, 0, 0, 0);
    }
  }

  /**
   * Background records that arrive out of order.
   *
   * @param share of them, 0 to 1
   * @param spreadMs how much older than their sending they are at most; less than 12 h
   */
  public record Disorder(double share, long spreadMs) {
    /** Every record in order. */
    public static final Disorder NONE = new Disorder(0, 0);

    /**
     * Checks it.
     *
     * @throws IllegalArgumentException for what cannot be
     */
    public Disorder {
      requireShare("out of order", share);
      require(
          spreadMs >= 0 && spreadMs < Alert.WINDOW_MS / 2, "spread", spreadMs + " ms", "0 to 12h");
      require(share == 0 || spreadMs > 0, "spread", spreadMs + " ms", "more than 0");
    }
  }

  /**
   * What scenarios to mix in.
   *
   * @param kinds take turns
   * @param perSecond how many begin a second, evenly; each is {@value #RECORDS_MAX} records at most
   */
  public record Scenarios(List<Scenario> kinds, double perSecond) {
    /** Background only. */
    public static final Scenarios NONE = new Scenarios(List.of(), 0);

    /** How many records a scenario has at most. */
    public static final int RECORDS_MAX = 20;

    /**
     * Checks them.
     *
     * @throws IllegalArgumentException for what cannot be
     */
    public Scenarios {
      kinds = List.copyOf(kinds);
      require(perSecond >= 0 && perSecond <= 1e6, "scenarios a second", perSecond, "0 to 1000000");
    }

    private boolean none() {
      return kinds.isEmpty() || perSecond == 0;
    }
  }

  /** A record to send. Its bytes are not to be changed: a copy may be sent later. */
  public static final class Outgoing {
    private final byte[] key;
    private final byte[] value;
    private final KnownAlert alert;
    private final Scenario scenario;

    private Outgoing(byte[] key, byte[] value, KnownAlert alert, Scenario scenario) {
      this.key = key;
      this.value = value;
      this.alert = alert;
      this.scenario = scenario;
    }

    /** The user's id. */
    public byte[] key() {
      return key;
    }

    /** A transaction. */
    public byte[] value() {
      return value;
    }

    /** What must come of it; null for nothing. */
    public KnownAlert alert() {
      return alert;
    }

    /** Whose part it is; null for the background and for copies. */
    public Scenario scenario() {
      return scenario;
    }
  }

  private final Settings settings;
  private final SplittableRandom random;
  private final Zipf zipf;
  private final TransactionWriter writer;

  private final Map<Scenario, Deque<String>> idle = new EnumMap<>(Scenario.class);
  private final PriorityQueue<Course> underWay =
      new PriorityQueue<>(
          Comparator.comparingLong((Course course) -> course.dueMs)
              .thenComparingLong(course -> course.number));
  private double nextCourseMs = Double.NaN;
  private long scenariosUntilMs;
  private long courses;

  private final Outgoing[] recent = new Outgoing[RECENT];
  private final int[] purchaseUsers = new int[RECENT];
  private final long[] purchaseNumbers = new long[RECENT];

  /** 0 where it has been refunded. */
  private final int[] purchaseAmountsMinor = new int[RECENT];

  private long purchases;
  private long transactions;
  private long refunds;
  private long duplicates;

  /** A workload at its beginning. */
  public Workload(Settings settings) {
    this.settings = settings;
    this.random = new SplittableRandom(settings.seed());
    this.writer = new TransactionWriter(settings.run() + "-", settings.currency());
    Users users = settings.users();
    this.zipf =
        users.zipfExponent() == 0
            ? null
            : new Zipf(users.count() - users.hotCount(), users.zipfExponent());
    Scenarios scenarios = settings.scenarios();
    if (!scenarios.none()) {
      int usersEach =
          1
              + (int)
                  Math.ceil(
                      scenarios.perSecond() * SCENARIO_SECONDS_MAX / scenarios.kinds().size());
      for (Scenario kind : scenarios.kinds()) {
        Deque<String> userIds = new ArrayDeque<>(usersEach);
        for (int i = 0; i < usersEach; i++) {
          userIds.add(settings.run() + "-" + kind.label() + "-" + i);
        }
        idle.put(kind, userIds);
      }
    }
  }

  /**
   * All users' accounts, which must be in force before their first record is sent. Before the first
   * record only.
   *
   * @param asOfMs since when, milliseconds since the epoch
   */
  public Stream<Balance> accounts(long asOfMs) {
    Stream<Balance> background =
        IntStream.range(0, settings.users().count())
            .mapToObj(user -> account(userId(user), BACKGROUND_BALANCE_MINOR, asOfMs));
    Stream<Balance> scenarios =
        List.copyOf(idle.values()).stream()
            .flatMap(Deque::stream)
            .map(userId -> account(userId, Scenario.BALANCE_MINOR, asOfMs));
    return Stream.concat(background, scenarios);
  }

  private Balance account(String userId, long balanceMinor, long asOfMs) {
    return new Balance(userId, null, balanceMinor, settings.currency(), asOfMs);
  }

  /** How many accounts there are. */
  public long accounts() {
    return settings.users().count() + idle.values().stream().mapToLong(Deque::size).sum();
  }

  /**
   * The next record.
   *
   * @param dueMs when it is to be sent, milliseconds since the epoch; not before the one before it.
   *     Also its event time, unless it is out of order or a copy
   */
  public Outgoing next(long dueMs) {
    Outgoing next;
    beginCourse(dueMs);
    if (!underWay.isEmpty() && underWay.peek().dueMs <= dueMs) {
      next = nextOfCourse(dueMs);
    } else if (transactions > 0 && random.nextDouble() < settings.duplicateShare()) {
      duplicates++;
      Outgoing original = recent[random.nextInt((int) Math.min(transactions, RECENT))];
      return new Outgoing(original.key(), original.value(), null, null);
    } else {
      next = nextOfBackground(dueMs);
    }
    recent[(int) (transactions % RECENT)] = next;
    transactions++;
    return next;
  }

  /** Different transactions so far. */
  public long transactions() {
    return transactions;
  }

  /** How many of the transactions were refunds. */
  public long refunds() {
    return refunds;
  }

  /** Copies so far, which come on top of the transactions. */
  public long duplicates() {
    return duplicates;
  }

  private Outgoing nextOfBackground(long dueMs) {
    int slot = random.nextInt(RECENT);
    boolean refund =
        random.nextDouble() < settings.refundShare() && purchaseAmountsMinor[slot] != 0;
    int user;
    int amountMinor;
    long original = NO_ORIGINAL;
    if (refund) {
      user = purchaseUsers[slot];
      amountMinor = purchaseAmountsMinor[slot];
      original = purchaseNumbers[slot];
      purchaseAmountsMinor[slot] = 0;
    } else {
      user = anyUser();
      amountMinor = 1 + random.nextInt(AMOUNT_MINOR_MAX);
      int into = (int) (purchases++ % RECENT);
      purchaseUsers[into] = user;
      purchaseNumbers[into] = transactions;
      purchaseAmountsMinor[into] = amountMinor;
    }
    Disorder disorder = settings.disorder();
    long olderMs =
        disorder.share() > 0 && random.nextDouble() < disorder.share()
            ? 1 + random.nextLong(disorder.spreadMs())
            : 0;
    return record(
        userId(user).getBytes(US_ASCII),
        refund ? -amountMinor : amountMinor,
        dueMs - olderMs,
        original,
        null,
        null);
  }

  private int anyUser() {
    Users users = settings.users();
    if (users.hotCount() > 0 && random.nextDouble() < users.hotShare()) {
      return random.nextInt(users.hotCount());
    }
    int others = users.count() - users.hotCount();
    return users.hotCount() + (zipf == null ? random.nextInt(others) : zipf.draw(random));
  }

  /** A user's way through a scenario. */
  private static final class Course {
    private final long number;
    private final Scenario scenario;
    private final String userId;
    private final List<Step> steps;
    private final List<Done> done = new ArrayList<>();
    private long dueMs;

    Course(long number, Scenario scenario, String userId, List<Step> steps, long dueMs) {
      this.number = number;
      this.scenario = scenario;
      this.userId = userId;
      this.steps = steps;
      this.dueMs = dueMs;
    }

    boolean isOver() {
      return done.size() == steps.size();
    }

    private Done latest() {
      return done.stream().max(Comparator.comparingLong(Done::eventTimeMs)).orElseThrow();
    }

    private long exposureMinor(long atMs) {
      return done.stream().filter(d -> d.eventTimeMs() <= atMs).mapToLong(Done::signedMinor).sum();
    }
  }

  /** A step that was sent. */
  private record Done(String transactionId, long eventTimeMs, long signedMinor) {}

  /** Begins the next one that is due, once one of its users is free. */
  private void beginCourse(long dueMs) {
    Scenarios scenarios = settings.scenarios();
    if (scenarios.none()) {
      return;
    }
    if (Double.isNaN(nextCourseMs)) {
      nextCourseMs = dueMs;
      scenariosUntilMs = dueMs + SCENARIOS_FOR_MS;
    }
    Scenario scenario = scenarios.kinds().get((int) (courses % scenarios.kinds().size()));
    if (nextCourseMs <= dueMs && dueMs < scenariosUntilMs && !idle.get(scenario).isEmpty()) {
      String userId = idle.get(scenario).removeFirst();
      underWay.add(new Course(courses, scenario, userId, scenario.steps(random.split()), dueMs));
      courses++;
      nextCourseMs += 1_000 / scenarios.perSecond();
    }
  }

  private Outgoing nextOfCourse(long dueMs) {
    Course course = underWay.remove();
    Step step = course.steps.get(course.done.size());
    // Counted from the latest by event time, so that an older one lies behind it by so much.
    long eventTimeMs = step.olderMs() == 0 ? dueMs : course.latest().eventTimeMs() - step.olderMs();
    var done = new Done(transactionId(transactions), eventTimeMs, step.signedMinor());
    course.done.add(done);
    Outgoing next =
        record(
            course.userId.getBytes(US_ASCII),
            step.signedMinor(),
            eventTimeMs,
            NO_ORIGINAL,
            alert(course, step, done),
            course.scenario);
    if (course.isOver()) {
      idle.get(course.scenario).addLast(course.userId);
    } else {
      course.dueMs = dueMs + course.steps.get(course.done.size()).gapMs();
      underWay.add(course);
    }
    return next;
  }

  private static KnownAlert alert(Course course, Step step, Done done) {
    Done at =
        switch (step.alerts()) {
          case NONE -> null;
          case RAISED, CLEARED -> done;
          case RAISED_AT_LATEST -> course.latest();
        };
    if (at == null) {
      return null;
    }
    boolean cleared = step.alerts() == Scenario.Alerts.CLEARED;
    return new KnownAlert(
        cleared ? AlertType.CLEARED : AlertType.RAISED,
        course.userId,
        at.transactionId(),
        at.eventTimeMs(),
        course.exposureMinor(at.eventTimeMs()),
        Scenario.BALANCE_MINOR,
        step.olderMs() > 0,
        cleared ? AlertCause.REFUND : null);
  }

  private Outgoing record(
      byte[] userId,
      long signedMinor,
      long eventTimeMs,
      long originalNumber,
      KnownAlert alert,
      Scenario scenario) {
    refunds += signedMinor < 0 ? 1 : 0;
    byte[] value =
        writer.write(
            transactions,
            userId,
            signedMinor,
            eventTimeMs,
            random.nextInt(MERCHANTS),
            originalNumber);
    return new Outgoing(userId, value, alert, scenario);
  }

  private String transactionId(long number) {
    return settings.run() + "-" + number;
  }

  private String userId(int user) {
    return settings.run() + "-u" + user;
  }

  private static void requireShare(String what, double share) {
    require(share >= 0 && share <= 1, what, share, "a share, 0 to 1");
  }

  private static void require(boolean good, String what, Object value, String expected) {
    if (!good) {
      throw new IllegalArgumentException(what + ": " + value + " (expected: " + expected + ")");
    }
  }
}
