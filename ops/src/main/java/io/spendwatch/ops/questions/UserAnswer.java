package io.spendwatch.ops.questions;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.spendwatch.actors.exposure.ExposureWindow;
import io.spendwatch.actors.exposure.UserView;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.ops.questions.UserDetails.Details;
import io.spendwatch.ops.questions.UserDetails.Opening;
import io.spendwatch.protocol.EventTime;
import io.spendwatch.protocol.Money;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;

/**
 * One user, as {@code GET /api/v1/users/{id}} answers. Times are ISO 8601 with milliseconds, money
 * is decimal.
 *
 * @param username null for none
 * @param exposure over (windowStart, streamTime]
 * @param balance in force at streamTime; null without an account, as are those that rest on it
 * @param headroom balance − exposure; negative while in breach
 * @param ratio exposure by balance, to four decimals; null for a balance that is not positive
 * @param transactions how many the exposure sums
 * @param streamTime of the user's partition; null before any
 * @param openEpisode null while not in breach
 * @param source {@code memory}: the user's actor; {@code tables}: what is stored
 * @param asOf when that was so, by the clock
 * @param entries transactions of the last 48 h that are in memory, or would be
 */
@JsonInclude(JsonInclude.Include.ALWAYS)
public record UserAnswer(
    String userId,
    String username,
    String currency,
    String exposure,
    String balance,
    Long balanceVersion,
    String balanceAsOf,
    String headroom,
    BigDecimal ratio,
    int transactions,
    String windowStart,
    String streamTime,
    OpenEpisode openEpisode,
    String source,
    String asOf,
    int entries) {
  private static final int RATIO_DECIMALS = 4;

  /**
   * An episode that has not ended; as its alert says, but for {@code since} null until the alert is
   * stored.
   *
   * @param transactionId null where a change of the balance began it
   */
  @JsonInclude(JsonInclude.Include.ALWAYS)
  public record OpenEpisode(
      String episodeId, String since, String transactionId, String exposure, String balance) {}

  /**
   * Put together.
   *
   * @param currency for who has no account
   * @param nowMs by the clock
   */
  static UserAnswer of(UserView view, Details details, String currency, long nowMs) {
    AccountBalance balance = view.balance();
    boolean isTimeKnown = view.streamTimeMs() != Long.MIN_VALUE;
    return new UserAnswer(
        view.userId(),
        details.username(),
        currency,
        Money.format(view.exposureMinor(), currency),
        balance == null ? null : Money.format(balance.balanceMinor(), currency),
        balance == null ? null : balance.version(),
        balance == null ? null : EventTime.format(balance.asOfMs()),
        headroom(view.exposureMinor(), balance),
        ratio(view.exposureMinor(), balance),
        view.transactions(),
        isTimeKnown ? EventTime.format(view.streamTimeMs() - ExposureWindow.WINDOW_MS) : null,
        isTimeKnown ? EventTime.format(view.streamTimeMs()) : null,
        openEpisode(view, details.opening()),
        view.source().name().toLowerCase(Locale.ROOT),
        EventTime.format(nowMs),
        view.entries());
  }

  /** Null without an account. */
  static String headroom(long exposureMinor, AccountBalance balance) {
    return balance == null
        ? null
        : Money.formatDifference(balance.balanceMinor(), exposureMinor, balance.currency());
  }

  /** Null without an account, or with a balance that is not positive. */
  static BigDecimal ratio(long exposureMinor, AccountBalance balance) {
    return balance == null || balance.balanceMinor() <= 0
        ? null
        : BigDecimal.valueOf(exposureMinor)
            .divide(
                BigDecimal.valueOf(balance.balanceMinor()), RATIO_DECIMALS, RoundingMode.HALF_UP);
  }

  private static OpenEpisode openEpisode(UserView view, Opening opening) {
    if (view.openEpisodeId() == null) {
      return null;
    }
    return opening == null
        ? new OpenEpisode(
            view.openEpisodeId(),
            view.openSinceMs() == Long.MIN_VALUE ? null : EventTime.format(view.openSinceMs()),
            null,
            null,
            null)
        : new OpenEpisode(
            view.openEpisodeId(),
            EventTime.format(opening.atMs()),
            opening.transactionId(),
            Money.format(opening.exposureMinor(), opening.currency()),
            Money.format(opening.balanceMinor(), opening.currency()));
  }
}
