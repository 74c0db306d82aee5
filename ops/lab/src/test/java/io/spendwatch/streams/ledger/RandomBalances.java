package io.spendwatch.streams.ledger;

import io.spendwatch.actors.ports.Accounts.VersionsQuery;
import io.spendwatch.actors.ports.History.InstantQuery;
import io.spendwatch.protocol.Balance;
import io.spendwatch.streams.ledger.RandomCalls.Call;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;

/** Calls that change accounts, and questions about their versions. */
final class RandomBalances {
  private static final int QUESTIONS_MAX = 5;

  private final RandomDraw draw;
  private final Random random;

  RandomBalances(RandomDraw draw) {
    this.draw = draw;
    this.random = draw.random();
  }

  Call balances() {
    if (draw.oneIn(2)) {
      List<InstantQuery> queries =
          draw.some(
              QUESTIONS_MAX,
              () ->
                  new InstantQuery(
                      draw.any(RandomDraw.USERS), draw.asOfMs() + random.nextInt(-1, 2)));
      return new Call("balances in force", queries, on -> on.accounts().inForce(queries));
    }
    List<String> userIds = new ArrayList<>(RandomDraw.USERS);
    Collections.shuffle(userIds, random);
    List<VersionsQuery> queries =
        userIds.subList(0, random.nextInt(userIds.size() + 1)).stream()
            .map(
                userId ->
                    new VersionsQuery(
                        userId,
                        draw.oneIn(4) ? Long.MIN_VALUE : draw.asOfMs() + random.nextInt(-1, 2)))
            .toList();
    return new Call("versions", queries, on -> on.accounts().versions(queries));
  }

  Call applyBalances() {
    List<Balance> balances =
        draw.some(
            QUESTIONS_MAX,
            () ->
                new Balance(
                    draw.any(RandomDraw.USERS),
                    draw.oneIn(2) ? null : "name " + random.nextInt(2),
                    draw.balanceMinor(),
                    draw.any(RandomDraw.CURRENCIES),
                    draw.asOfMs()));
    String topicId = draw.any(List.of("id 1", "id 2"));
    int partition = draw.anyPartition();
    long from = draw.oneIn(4) ? random.nextLong(20) : 0;
    long number = draw.oneIn(4) ? 256 : 1;
    boolean isNoted = !draw.oneIn(4);
    AccountsWriter.Stretch stretch =
        new AccountsWriter.Stretch(topicId, partition, from, from + balances.size(), number);
    return new Call(
        "apply balances",
        balances + " of " + stretch + (isNoted ? ", which is noted" : ""),
        on ->
            isNoted
                ? on.sources()
                    .noteBalancesPlace(topicId, partition, from)
                    .thenCompose(_ -> on.accountsWriter().apply(balances, stretch))
                : on.accountsWriter().apply(balances, stretch));
  }

  Call putAccount() {
    String userId = draw.any(RandomDraw.USERS);
    String currency = draw.any(RandomDraw.CURRENCIES);
    long balanceMinor = draw.balanceMinor();
    long asOfMs = draw.asOfMs();
    return new Call(
        "put account",
        "%s: %d %s as of %d".formatted(userId, balanceMinor, currency, asOfMs),
        on -> {
          on.server().putAccount(userId, currency, balanceMinor, asOfMs);
          return CompletableFuture.completedFuture("put");
        });
  }

  Call removeAccount() {
    String userId = draw.any(RandomDraw.USERS);
    long closedAtMs = draw.asOfMs();
    return new Call(
        "remove account",
        "%s at %d".formatted(userId, closedAtMs),
        on -> {
          on.server().removeAccount(userId, closedAtMs);
          return CompletableFuture.completedFuture("removed");
        });
  }
}
