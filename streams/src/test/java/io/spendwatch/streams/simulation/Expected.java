package io.spendwatch.streams.simulation;

import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * What must be in the tables and in the alert topic, for balances that stay as they are: the rule
 * as DESIGN states it and late records as decision 0005 does, each answer summed anew from the list
 * of all that has arrived. Shares no code with the product, and knows of no fault.
 */
public final class Expected {
  private static final long DAY_MS = 86_400_000L;
  private static final long OPEN = Long.MAX_VALUE;

  /** What one row must say. */
  public record Row(
      String userId,
      String transactionId,
      long eventTimeMs,
      long exposureMinor,
      Long balanceMinor,
      String verdict,
      int partition,
      long offset) {}

  /**
   * What one alert must say.
   *
   * @param episode of the user, counted from 0 in the order of their RAISED
   */
  public record Alert(
      String type,
      int episode,
      String transactionId,
      long exposureMinor,
      long balanceMinor,
      int transactions,
      long eventTimeMs,
      boolean late,
      String cause) {}

  private static final class Episode {
    final int number;
    final long startMs;
    long endMs = OPEN;

    Episode(int number, long startMs) {
      this.number = number;
      this.startMs = startMs;
    }
  }

  /** An instant at which the exposure changes; {@code counted} is null where something leaves. */
  private record Point(long atMs, Transaction counted, long exposureMinor, int transactions) {}

  private record Breach(Point start, Point end) {
    long endMs() {
      return end == null ? OPEN : end.atMs;
    }
  }

  private final Map<String, Long> balances;
  private final Map<String, User> users = new LinkedHashMap<>();
  private final Map<Integer, Long> streamTimesMs = new HashMap<>();
  private final Map<String, Integer> partitions = new HashMap<>();
  private final List<Row> rows = new ArrayList<>();

  public Expected(Map<String, Long> balances) {
    this.balances = balances;
  }

  /** The next transaction of the partition. */
  public void arrive(int partition, long offset, Transaction transaction) {
    long streamTimeMs = streamTimesMs.getOrDefault(partition, Long.MIN_VALUE);
    partitions.put(transaction.userId(), partition);
    users
        .computeIfAbsent(transaction.userId(), User::new)
        .arrive(partition, offset, transaction, streamTimeMs);
    streamTimesMs.merge(partition, transaction.eventTimeMs(), Math::max);
  }

  /**
   * The topic is at its end: episodes that stream time has passed are over.
   *
   * @param idleMs for how long nothing has come
   */
  public void end(long idleMs) {
    users.values().forEach(u -> u.advance(streamTimesMs.get(partitions.get(u.userId)) + idleMs));
  }

  /** A user's exposure at an instant, with or without what leaves at that very instant. */
  long exposureAroundMinor(String userId, long atMs) {
    User user = users.get(userId);
    long leavingMinor =
        user.all.stream()
            .filter(t -> t.eventTimeMs() == atMs - DAY_MS)
            .mapToLong(Transaction::signedAmountMinor)
            .sum();
    return user.exposureMinor(atMs) + Math.max(0, leavingMinor);
  }

  public List<Row> rows() {
    return rows;
  }

  public Map<Integer, Long> streamTimesMs() {
    return streamTimesMs;
  }

  /** By user, in the order in which they become known. */
  public Map<String, List<Alert>> alerts() {
    Map<String, List<Alert>> alerts = new HashMap<>();
    users.forEach(
        (userId, user) -> {
          if (!user.alerts.isEmpty()) {
            alerts.put(userId, user.alerts);
          }
        });
    return alerts;
  }

  private final class User {
    final String userId;
    final Long balance;

    /** By event time, then by arrival; those that came too late are among them. */
    final List<Transaction> all = new ArrayList<>();

    final List<Episode> episodes = new ArrayList<>();
    final List<Alert> alerts = new ArrayList<>();

    /** Latest event time. */
    long latestMs = Long.MIN_VALUE;

    User(String userId) {
      this.userId = userId;
      this.balance = balances.get(userId);
    }

    void arrive(int partition, long offset, Transaction transaction, long streamTimeMs) {
      advance(streamTimeMs);
      if (all.stream().anyMatch(t -> t.transactionId().equals(transaction.transactionId()))) {
        return;
      }
      long atMs = transaction.eventTimeMs();
      boolean tooLate = latestMs != Long.MIN_VALUE && atMs <= latestMs - DAY_MS;
      boolean late = atMs < Math.max(latestMs, lastEndMs());
      if (!tooLate && !late) {
        closeBefore(atMs);
      }
      int place = 0;
      while (place < all.size() && all.get(place).eventTimeMs() <= atMs) {
        place++;
      }
      all.add(place, transaction);
      latestMs = Math.max(latestMs, atMs);
      long exposureMinor = exposureMinor(atMs);
      rows.add(
          new Row(
              userId,
              transaction.transactionId(),
              atMs,
              exposureMinor,
              balance,
              verdict(tooLate, exposureMinor),
              partition,
              offset));
      if (balance == null || tooLate) {
        return;
      }
      if (late) {
        review(transaction, Math.max(latestMs, streamTimeMs));
      } else {
        judge(transaction, exposureMinor);
      }
    }

    private String verdict(boolean tooLate, long exposureMinor) {
      if (tooLate) {
        return "TOO_LATE";
      }
      if (balance == null) {
        return "NO_ACCOUNT";
      }
      return exposureMinor > balance ? "BREACH" : "CLEAR";
    }

    void advance(long toMs) {
      if (open() != null) {
        closeBefore(toMs);
      }
    }

    /** Ends the open episode where entries that leave before the instant end it. */
    private void closeBefore(long toMs) {
      Episode open = open();
      if (open == null) {
        return;
      }
      for (Transaction leaving : all) {
        long atMs = leaving.eventTimeMs() + DAY_MS;
        if (atMs > latestMs && atMs < toMs && exposureMinor(atMs) <= balance) {
          close(open, atMs, null, exposureMinor(atMs), count(atMs), false, "EXPIRY");
          return;
        }
      }
    }

    private void judge(Transaction transaction, long exposureMinor) {
      long atMs = transaction.eventTimeMs();
      boolean breach = exposureMinor > balance;
      String id = transaction.transactionId();
      if (breach && open() == null) {
        raise(atMs, id, exposureMinor, count(atMs), false);
      } else if (!breach && open() != null) {
        String cause = transaction.kind() == TransactionKind.REFUND ? "REFUND" : "EXPIRY";
        close(open(), atMs, id, exposureMinor, count(atMs), false, cause);
      }
    }

    /** Decision 0005. */
    private void review(Transaction record, long restMs) {
      long atMs = record.eventTimeMs();
      List<Episode> announced = new ArrayList<>();
      for (Episode episode : byEnd()) {
        if (episode.endMs > atMs) {
          announced.add(episode);
        }
      }
      Episode covering = null;
      for (Episode episode : announced) {
        if (covering == null && episode.startMs <= atMs) {
          covering = episode;
        }
      }
      Episode open = open();
      for (Breach breach : breaches(record, covering, restMs)) {
        announce(record, breach, announced, open);
      }
      if (open != null && announced.contains(open)) {
        close(
            open,
            open.startMs,
            record.transactionId(),
            exposureMinor(open.startMs),
            count(open.startMs),
            true,
            "REFUND");
      }
    }

    private void announce(
        Transaction record, Breach breach, List<Episode> announced, Episode open) {
      long coveredToMs = Long.MIN_VALUE;
      boolean isOpenOne = false;
      for (Episode episode : List.copyOf(announced)) {
        if (episode.startMs < breach.endMs() && breach.start.atMs < episode.endMs) {
          announced.remove(episode);
          coveredToMs = Math.max(coveredToMs, episode.endMs);
          isOpenOne |= episode == open;
        }
      }
      if (isOpenOne) {
        if (breach.end != null) {
          closeLate(open, breach.end, record);
        }
      } else if (breach.endMs() > coveredToMs) {
        Episode raised = raiseLate(record, breach, coveredToMs);
        if (breach.end != null) {
          closeLate(raised, breach.end, record);
        }
      }
    }

    private Episode raiseLate(Transaction record, Breach breach, long coveredToMs) {
      if (coveredToMs == Long.MIN_VALUE) {
        Point start = breach.start;
        return raise(
            start.atMs,
            start.counted.transactionId(),
            start.exposureMinor,
            start.transactions,
            true);
      }
      for (Transaction transaction : all) {
        long atMs = transaction.eventTimeMs();
        if (atMs >= coveredToMs && atMs < breach.endMs()) {
          return raise(
              atMs,
              atMs == record.eventTimeMs() ? record.transactionId() : transaction.transactionId(),
              exposureMinor(atMs),
              count(atMs),
              true);
        }
      }
      return raise(
          coveredToMs,
          record.transactionId(),
          exposureMinor(coveredToMs),
          count(coveredToMs),
          true);
    }

    private void closeLate(Episode episode, Point end, Transaction record) {
      boolean refund = end.counted != null && end.counted.kind() == TransactionKind.REFUND;
      String id = end.counted == null ? null : end.counted.transactionId();
      close(
          episode,
          end.atMs,
          end.counted != null && end.atMs == record.eventTimeMs() ? record.transactionId() : id,
          end.exposureMinor,
          end.transactions,
          true,
          refund ? "REFUND" : "EXPIRY");
    }

    /** Maximal intervals in breach, from the record on. */
    private List<Breach> breaches(Transaction record, Episode covering, long restMs) {
      List<Breach> found = new ArrayList<>();
      Point start = covering == null ? null : new Point(covering.startMs, null, 0, 0);
      for (Point point : points(record, restMs)) {
        boolean breach = point.exposureMinor > balance;
        if (breach && start == null && point.counted != null) {
          start = point;
        } else if (!breach && start != null) {
          if (start.counted != null || point.atMs > start.atMs) {
            found.add(new Breach(start, point));
          }
          start = null;
        }
      }
      if (start != null) {
        found.add(new Breach(start, null));
      }
      return found;
    }

    private List<Point> points(Transaction record, long restMs) {
      long fromMs = record.eventTimeMs();
      TreeSet<Long> instants = new TreeSet<>();
      for (Transaction transaction : all) {
        if (transaction.eventTimeMs() >= fromMs) {
          instants.add(transaction.eventTimeMs());
        }
        long leavesMs = transaction.eventTimeMs() + DAY_MS;
        if (leavesMs > fromMs && (leavesMs < restMs || leavesMs < latestMs)) {
          instants.add(leavesMs);
        }
      }
      List<Point> points = new ArrayList<>();
      for (long atMs : instants) {
        List<Transaction> here = all.stream().filter(t -> t.eventTimeMs() == atMs).toList();
        long beforeMinor = exposureMinor(atMs);
        int before = count(atMs);
        for (Transaction transaction : here) {
          beforeMinor -= transaction.signedAmountMinor();
          before--;
        }
        if (here.isEmpty()) {
          points.add(new Point(atMs, null, beforeMinor, before));
        }
        boolean passed = atMs > fromMs;
        for (Transaction transaction : here) {
          beforeMinor += transaction.signedAmountMinor();
          before++;
          passed |= transaction.equals(record);
          if (passed) {
            points.add(new Point(atMs, transaction, beforeMinor, before));
          }
        }
      }
      return points;
    }

    private Episode raise(
        long atMs, String transactionId, long exposureMinor, int transactions, boolean late) {
      Episode episode = new Episode(episodes.size(), atMs);
      episodes.add(episode);
      alerts.add(
          new Alert(
              "RAISED",
              episode.number,
              transactionId,
              exposureMinor,
              balance,
              transactions,
              atMs,
              late,
              null));
      return episode;
    }

    private void close(
        Episode episode,
        long atMs,
        String transactionId,
        long exposureMinor,
        int transactions,
        boolean late,
        String cause) {
      episode.endMs = atMs;
      alerts.add(
          new Alert(
              "CLEARED",
              episode.number,
              transactionId,
              exposureMinor,
              balance,
              transactions,
              atMs,
              late,
              cause));
    }

    private Episode open() {
      return episodes.stream().filter(episode -> episode.endMs == OPEN).findFirst().orElse(null);
    }

    /** Those that have ended, by their start, then the open one. */
    private List<Episode> byEnd() {
      return episodes.stream()
          .sorted(
              Comparator.comparing((Episode episode) -> episode.endMs == OPEN)
                  .thenComparingLong(episode -> episode.startMs))
          .toList();
    }

    private long lastEndMs() {
      return episodes.stream()
          .mapToLong(episode -> episode.endMs)
          .filter(endMs -> endMs != OPEN)
          .max()
          .orElse(Long.MIN_VALUE);
    }

    private long exposureMinor(long atMs) {
      return all.stream()
          .filter(t -> t.eventTimeMs() > atMs - DAY_MS && t.eventTimeMs() <= atMs)
          .mapToLong(Transaction::signedAmountMinor)
          .sum();
    }

    private int count(long atMs) {
      return (int)
          all.stream()
              .filter(t -> t.eventTimeMs() > atMs - DAY_MS && t.eventTimeMs() <= atMs)
              .count();
    }
  }
}
