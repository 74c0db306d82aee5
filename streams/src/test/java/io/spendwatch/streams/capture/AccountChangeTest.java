package io.spendwatch.streams.capture;

import static io.spendwatch.streams.capture.CapturedSales.letter;
import static io.spendwatch.streams.capture.CapturedSales.mapper;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.streams.capture.Captured.OfBalance;
import io.spendwatch.streams.capture.Captured.PutAside;
import io.spendwatch.streams.capture.change.Change.Deleted;
import io.spendwatch.streams.capture.change.Change.Inserted;
import io.spendwatch.streams.capture.change.Change.Updated;
import io.spendwatch.streams.capture.change.LogPosition;
import io.spendwatch.streams.capture.change.Row;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AccountChangeTest {
  private static final String ACCOUNTS =
      """
      balances = [
        { table = shop.users, user-id = "{id}", username = "{name}", balance = [balance, -held], currency = EUR }
      ]
      """;

  private final LogPlaces places = new LogPlaces();

  private static Row account(Object... other) {
    Map<String, Object> columns = new LinkedHashMap<>();
    columns.put("id", new BigDecimal("18446744073709551615"));
    columns.put("name", "Zoë 🦊");
    columns.put("balance", new BigDecimal("10.00"));
    columns.put("held", new BigDecimal("0.50"));
    for (int i = 0; i < other.length; i += 2) {
      columns.put((String) other[i], other[i + 1]);
    }
    return new Row(columns);
  }

  @Test
  void anAccountIsABalanceAsOfItsCommit() {
    assertThat(mapper(ACCOUNTS).map(new Inserted("shop.users", account(), places.next())))
        .containsExactly(
            new OfBalance(new Balance("18446744073709551615", "Zoë 🦊", 950, "EUR", 1000)));
  }

  @Test
  void aBalanceThatDoesNotChangeIsNotSentAgainAndOneThatComesBackIs() {
    ChangeMapper mapper = mapper(ACCOUNTS);
    LogPosition commit = places.next();
    List<Captured> all = new ArrayList<>();
    all.addAll(mapper.map(new Inserted("shop.users", account(), commit)));
    all.addAll(
        mapper.map(
            new Updated("shop.users", Optional.of(account()), account("other", 1L), commit)));
    all.addAll(
        mapper.map(
            new Updated(
                "shop.users", Optional.of(account()), account("held", BigDecimal.ONE), commit)));
    all.addAll(mapper.map(new Updated("shop.users", Optional.empty(), account(), commit)));

    assertThat(all)
        .extracting(each -> ((OfBalance) each).balance())
        .extracting(Balance::balanceMinor, Balance::asOfMs)
        .containsExactly(tuple(950L, 1000L), tuple(900L, 1001L), tuple(950L, 1002L));
  }

  @Test
  void anAccountThatIsGoneIsALetter() {
    PutAside letter =
        letter(mapper(ACCOUNTS).map(new Deleted("shop.users", account(), places.next())));
    assertThat(letter.kind()).isEqualTo(Captured.Kind.BALANCES);
    assertThat(letter.reason()).isEqualTo(DeadLetterReason.CHANGED_ROW);
  }
}
