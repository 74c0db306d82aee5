package io.spendwatch.streams.ledger;

import static java.util.Comparator.comparing;

import io.spendwatch.actors.exposure.ExposureWindow;
import io.spendwatch.actors.exposure.Received;
import io.spendwatch.actors.ports.History.ExposureQuery;
import io.spendwatch.actors.ports.History.InstantQuery;
import io.spendwatch.actors.ports.History.OpenEpisode;
import io.spendwatch.actors.ports.History.OpenEpisodes;
import io.spendwatch.actors.ports.History.TransactionKey;
import io.spendwatch.actors.ports.History.UserQuery;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.streams.ledger.RandomCalls.Call;
import io.spendwatch.streams.ledger.SimulatedAlerts.StoredAlert;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Questions of the rule about transactions and episodes, mostly about what was written. */
final class RandomQuestions {
  private static final int QUESTIONS_MAX = 5;

  private final RandomDraw draw;
  private final Random random;
  private final SimulatedPostgres stored;
  private final List<Received> received;

  /**
   * @param stored what the calls before have left
   * @param received that was written
   */
  RandomQuestions(RandomDraw draw, SimulatedPostgres stored, List<Received> received) {
    this.draw = draw;
    this.random = draw.random();
    this.stored = stored;
    this.received = received;
  }

  Call partition() {
    int partition = draw.anyPartition();
    if (draw.oneIn(2)) {
      return new Call("partition", partition, on -> on.history().partition(partition));
    }
    // A page that would end between two episodes of a user may hold either.
    String after = draw.oneIn(2) ? "" : draw.any(RandomDraw.USERS);
    return new Call(
        "open episodes",
        partition + " after " + after,
        on ->
            on.history()
                .openEpisodes(partition, after, 1000)
                .thenApply(
                    page ->
                        new OpenEpisodes(
                            page.episodes().stream()
                                .sorted(comparing(OpenEpisode::episodeId))
                                .toList(),
                            page.next())));
  }

  Call users() {
    List<String> userIds = new ArrayList<>(RandomDraw.USERS);
    userIds.add("nobody");
    Collections.shuffle(userIds, random);
    List<UserQuery> queries =
        userIds.subList(0, random.nextInt(userIds.size() + 1)).stream()
            .map(userId -> new UserQuery(userId, knownFromMs(userId)))
            .toList();
    return new Call("users", queries, on -> on.history().users(queries));
  }

  private long knownFromMs(String userId) {
    if (draw.oneIn(4)) {
      return Long.MIN_VALUE;
    }
    List<StoredAlert> ends =
        stored.alerts().stream()
            .filter(alert -> alert.userId().equals(userId) && alert.type().equals("CLEARED"))
            .toList();
    return ends.isEmpty() || draw.oneIn(2)
        ? draw.instantMs(RandomDraw.ALL_QUARTERS)
        : draw.any(ends).eventTimeMs() + 2 * ExposureWindow.WINDOW_MS + random.nextInt(-1, 2);
  }

  Call stored() {
    List<TransactionKey> keys =
        draw.some(
            QUESTIONS_MAX,
            () -> {
              if (received.isEmpty()) {
                return new TransactionKey(
                    draw.any(RandomDraw.USERS), draw.instantMs(RandomDraw.ALL_QUARTERS), "t0");
              }
              Transaction transaction = draw.any(received).transaction();
              return new TransactionKey(
                  draw.oneIn(8) ? draw.any(RandomDraw.USERS) : transaction.userId(),
                  draw.oneIn(8)
                      ? draw.instantMs(RandomDraw.ALL_QUARTERS)
                      : transaction.eventTimeMs(),
                  draw.oneIn(8) ? "t0" : transaction.transactionId());
            });
    return new Call("stored", keys, on -> on.history().stored(keys));
  }

  Call exposures() {
    List<ExposureQuery> queries =
        draw.some(
            QUESTIONS_MAX,
            () -> {
              if (received.isEmpty() || draw.oneIn(4)) {
                return new ExposureQuery(
                    draw.any(RandomDraw.USERS),
                    draw.any(RandomDraw.CURRENCIES),
                    draw.instantMs(RandomDraw.ALL_QUARTERS));
              }
              Transaction transaction = draw.any(received).transaction();
              return new ExposureQuery(
                  transaction.userId(),
                  transaction.currency(),
                  transaction.eventTimeMs() + random.nextInt(5) * RandomDraw.QUARTER_MS);
            });
    return new Call("exposures", queries, on -> on.history().exposures(queries));
  }

  Call transactionIds() {
    List<InstantQuery> queries =
        draw.some(
            QUESTIONS_MAX,
            () -> {
              if (received.isEmpty() || draw.oneIn(4)) {
                return new InstantQuery(
                    draw.any(RandomDraw.USERS), draw.instantMs(RandomDraw.ALL_QUARTERS));
              }
              Transaction transaction = draw.any(received).transaction();
              return new InstantQuery(transaction.userId(), transaction.eventTimeMs());
            });
    return new Call("transaction ids", queries, on -> on.history().transactionIds(queries));
  }
}
