package io.spendwatch.streams.capture;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.streams.capture.Captured.OfTransaction;
import io.spendwatch.streams.capture.Captured.PutAside;
import io.spendwatch.streams.capture.change.Row;
import java.math.BigDecimal;
import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Sales of a shop as a log has them, and what the mapping of their table makes of them. */
final class CapturedSales {
  /** A table of purchases; {@code %s} stands for more settings of it. */
  static final String SALES =
      """
      purchases = [
        {
          table = shop.sales, id = "s-{id}", user-id = "{user}", amount = amount, currency = "{currency}"
          event-time { column = at, zone = "Europe/Berlin" }
          merchant = "m{store}", original-transaction-id = "{of}"
          %s
        }
      ]
      """;

  /** By the settings of a mapping. */
  static ChangeMapper mapper(String mapping) {
    return new ChangeMapper(
        CaptureMapping.from(ConfigFactory.parseString(mapping)),
        new BalanceClock(BalanceClock.State.INITIAL));
  }

  /** Of the usual table, with more settings of it. */
  static ChangeMapper sales(String more) {
    return mapper(SALES.replace("%s", more));
  }

  /** A sale in euros, with what is to be other than usual: name, value, … */
  static Row sale(Object... other) {
    Map<String, Object> columns = new LinkedHashMap<>();
    columns.put("id", 7L);
    columns.put("user", "u1");
    columns.put("amount", new BigDecimal("12.50"));
    columns.put("currency", "EUR");
    columns.put("at", LocalDateTime.parse("2026-07-01T12:00:00"));
    columns.put("store", 3L);
    columns.put("of", null);
    columns.put("secret", "nobody's business");
    for (int i = 0; i < other.length; i += 2) {
      columns.put((String) other[i], other[i + 1]);
    }
    return new Row(columns);
  }

  /** The one thing that came of a change: a transaction. */
  static Transaction only(List<Captured> captured) {
    assertThat(captured).hasSize(1).allMatch(OfTransaction.class::isInstance);
    return ((OfTransaction) captured.getFirst()).transaction();
  }

  /** Likewise: a dead letter. */
  static PutAside letter(List<Captured> captured) {
    assertThat(captured).hasSize(1).allMatch(PutAside.class::isInstance);
    return (PutAside) captured.getFirst();
  }

  private CapturedSales() {}
}
