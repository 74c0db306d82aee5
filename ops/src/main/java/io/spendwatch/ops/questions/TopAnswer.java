package io.spendwatch.ops.questions;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.spendwatch.actors.exposure.UserWindow;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.protocol.EventTime;
import io.spendwatch.protocol.Money;
import java.math.BigDecimal;
import java.util.List;

/**
 * Users nearest to their limit, or over it, as {@code GET /api/v1/top} answers: of those who are in
 * memory and have an account. Times are ISO 8601 with milliseconds, money is decimal.
 *
 * @param next always null: there is no further page
 * @param asOf when that was so, by the clock
 * @param missingPartitions whose users are not among them, because they have not answered
 */
@JsonInclude(JsonInclude.Include.ALWAYS)
public record TopAnswer(
    List<Item> items, String next, String asOf, List<Integer> missingPartitions) {

  /**
   * One user; fields as in {@link UserAnswer}.
   *
   * @param excess exposure − balance; negative for who has headroom
   * @param openEpisodeId null while not in breach
   */
  @JsonInclude(JsonInclude.Include.ALWAYS)
  public record Item(
      String userId,
      String currency,
      String exposure,
      String balance,
      Long balanceVersion,
      String headroom,
      BigDecimal ratio,
      String excess,
      int transactions,
      String openEpisodeId,
      String streamTime,
      String asOf) {
    private static Item of(UserWindow user, String asOf) {
      AccountBalance balance = user.balance();
      String currency = balance.currency();
      return new Item(
          user.userId(),
          currency,
          Money.format(user.exposureMinor(), currency),
          Money.format(balance.balanceMinor(), currency),
          balance.version(),
          UserAnswer.headroom(user.exposureMinor(), balance),
          UserAnswer.ratio(user.exposureMinor(), balance),
          Money.formatDifference(user.exposureMinor(), balance.balanceMinor(), currency),
          user.transactions(),
          user.openEpisodeId(),
          user.atMs() == Long.MIN_VALUE ? null : EventTime.format(user.atMs()),
          asOf);
    }
  }

  /**
   * The first of them.
   *
   * @param nowMs by the clock
   */
  static TopAnswer of(TopUsers top, long nowMs) {
    String asOf = EventTime.format(nowMs);
    return new TopAnswer(
        top.users().stream().map(user -> Item.of(user, asOf)).toList(),
        null,
        asOf,
        top.missingPartitions());
  }

  /** The same without those beyond the limit. */
  public TopAnswer first(int limit) {
    return items.size() <= limit
        ? this
        : new TopAnswer(items.subList(0, limit), next, asOf, missingPartitions);
  }
}
