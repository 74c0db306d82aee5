package io.spendwatch.loadgen.workload;

import io.spendwatch.loadgen.oracle.KnownAlert;
import io.spendwatch.protocol.Balance;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * Invented spend that happens now, and the alerts that must come of it. The same settings and the
 * same instants give the same records.
 *
 * <p>Most of it is {@link Background}, whose users never breach: an alert of theirs is one too
 * many. Into it are mixed {@link Scenario}s, whose users go through one after the other, from an
 * exposure of zero to an exposure of zero ({@link Courses}). Copies of recent records of either are
 * sent again; they must change nothing.
 *
 * <p>Memory does not grow with background users, records or time; a record takes constant time. For
 * one thread.
 */
public final class Workload {

  /** From how many of the latest records copies are drawn. */
  private static final int RECENT = 1_024;

  private static final int MERCHANTS = 1_000;

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

  private final WorkloadSettings settings;

  /** The one of all parts: what they draw depends on what was drawn before. */
  private final SplittableRandom random;

  private final Background background;
  private final Courses courses;
  private final TransactionWriter writer;
  private final Outgoing[] recent = new Outgoing[RECENT];

  private long transactions;
  private long refunds;
  private long duplicates;

  /** A workload at its beginning. */
  public Workload(WorkloadSettings settings) {
    this.settings = settings;
    this.random = new SplittableRandom(settings.seed());
    this.background = new Background(settings, random);
    this.courses = new Courses(settings, random);
    this.writer = new TransactionWriter(settings.idPrefix(), settings.currency());
  }

  /**
   * All users' accounts, which must be in force before their first record is sent. Before the first
   * record only.
   *
   * @param asOfMs since when, milliseconds since the epoch
   */
  public Stream<Balance> accounts(long asOfMs) {
    return Stream.concat(background.accounts(asOfMs), courses.accounts(asOfMs));
  }

  /** How many accounts there are. */
  public long accounts() {
    return settings.users().count() + courses.accounts();
  }

  /**
   * The next record.
   *
   * @param dueMs when it is to be sent, milliseconds since the epoch; not before the one before it.
   *     Also its event time, unless it is out of order or a copy
   */
  public Outgoing next(long dueMs) {
    courses.begin(dueMs);
    Outgoing next;
    if (courses.isDue(dueMs)) {
      next = write(courses.next(transactions, dueMs));
    } else if (transactions > 0 && random.nextDouble() < settings.duplicateShare()) {
      return copy();
    } else {
      next = write(background.next(transactions, dueMs));
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

  private Outgoing copy() {
    duplicates++;
    Outgoing original = recent[random.nextInt((int) Math.min(transactions, RECENT))];
    return new Outgoing(original.key(), original.value(), null, null);
  }

  private Outgoing write(Spend spend) {
    refunds += spend.signedMinor() < 0 ? 1 : 0;
    byte[] value =
        writer.write(
            transactions,
            spend.userId(),
            spend.signedMinor(),
            spend.eventTimeMs(),
            random.nextInt(MERCHANTS),
            spend.originalNumber());
    return new Outgoing(spend.userId(), value, spend.alert(), spend.scenario());
  }
}
