package io.spendwatch.streams.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.actors.ports.Accounts;
import io.spendwatch.actors.ports.Accounts.VersionsQuery;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class GatheredAccountsTest {
  private static final List<AccountBalance> VERSIONS =
      List.of(new AccountBalance(1, "USD", 1, 0, false));

  private final List<List<String>> asked = new ArrayList<>();
  private final List<CompletableFuture<Map<String, List<AccountBalance>>>> answers =
      new ArrayList<>();
  private final Accounts accounts = new GatheredAccounts(underneath(), 2);

  @Test
  void whatIsWantedMeanwhileIsReadTogether() {
    List<CompletableFuture<Map<String, List<AccountBalance>>>> all = new ArrayList<>();
    for (String userId : List.of("a", "b", "c", "d")) {
      all.add(ask(userId));
    }
    assertThat(asked).containsExactly(List.of("a"), List.of("b"));

    answers.get(1).complete(Map.of("b", VERSIONS));
    assertThat(asked).endsWith(List.of("c", "d"));
    assertThat(all.get(1).join()).containsOnlyKeys("b");
    assertThat(all.get(0)).isNotDone();

    answers.get(2).complete(Map.of("d", VERSIONS));
    assertThat(all.get(2).join()).as("no account").isEmpty();
    assertThat(all.get(3).join()).containsOnlyKeys("d");
  }

  @Test
  void aUserIsInEachReadOnce() {
    var _ = ask("a");
    var _ = ask("a");
    var _ = ask("b");
    var _ = ask("a");
    var _ = ask("b");
    var _ = ask("c");
    assertThat(asked).containsExactly(List.of("a"), List.of("a"));
    answers.get(0).complete(Map.of());
    assertThat(asked).endsWith(List.of("b", "a", "c"));
    answers.get(1).complete(Map.of());
    assertThat(asked).endsWith(List.of("b"));
  }

  @Test
  void aFailureIsThatOfWhoAskedForIt() {
    var _ = ask("a");
    var _ = ask("b");
    var c = ask("c");
    answers.get(0).completeExceptionally(new IllegalStateException("away"));
    var d = ask("d");
    answers.get(1).complete(Map.of());
    answers.get(2).completeExceptionally(new IllegalStateException("away"));
    answers.get(3).complete(Map.of("d", VERSIONS));
    assertThat(c).isCompletedExceptionally();
    assertThat(d.join()).containsOnlyKeys("d");
  }

  private CompletableFuture<Map<String, List<AccountBalance>>> ask(String userId) {
    return accounts.versions(List.of(new VersionsQuery(userId, 0))).toCompletableFuture();
  }

  @SuppressWarnings("unchecked")
  private Accounts underneath() {
    return (Accounts)
        Proxy.newProxyInstance(
            Accounts.class.getClassLoader(),
            new Class<?>[] {Accounts.class},
            (_, method, arguments) -> {
              assertThat(method.getName()).isEqualTo("versions");
              asked.add(
                  ((Collection<VersionsQuery>) arguments[0])
                      .stream().map(VersionsQuery::userId).toList());
              var answer = new CompletableFuture<Map<String, List<AccountBalance>>>();
              answers.add(answer);
              return answer;
            });
  }
}
