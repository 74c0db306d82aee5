package io.spendwatch.streams.capture;

import static io.spendwatch.streams.capture.CapturedSales.sale;
import static io.spendwatch.streams.capture.CapturedSales.sales;
import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.protocol.Transaction;
import io.spendwatch.streams.capture.Captured.OfTransaction;
import io.spendwatch.streams.capture.change.Change;
import io.spendwatch.streams.capture.change.Change.Deleted;
import io.spendwatch.streams.capture.change.Change.Inserted;
import io.spendwatch.streams.capture.change.Change.Updated;
import io.spendwatch.streams.capture.change.Row;
import java.math.BigDecimal;
import java.time.LocalDateTime;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ChangeMapperTest {
  private final LogPlaces places = new LogPlaces();

  @Test
  void aTableThatIsNotMappedIsNothing() {
    assertThat(sales("").map(new Inserted("shop.other", sale(), places.next()))).isEmpty();
  }

  /** Whatever happens to rows: what was sent for each is what it stands for now. */
  @Test
  void theSumOfAllThatWasSentIsWhatTheRowsStandFor() {
    for (long seed = 1; seed <= 200; seed++) {
      var random = new Random(seed);
      ChangeMapper mapper = sales("");
      Map<Long, Row> rows = new HashMap<>();
      Map<String, Transaction> sent = new HashMap<>();
      for (int i = 0; i < 60; i++) {
        long id = random.nextInt(5);
        Row before = rows.get(id);
        Row after = random.nextInt(4) == 0 ? null : any(random, id);
        Change change;
        if (before == null && after == null) {
          continue;
        } else if (before == null) {
          // An id is given once: a row that comes again is another one.
          after = any(random, id + 1000L * i);
          change = new Inserted("shop.sales", after, places.next());
        } else if (after == null) {
          change = new Deleted("shop.sales", before, places.next());
        } else {
          Map<String, Object> columns = new LinkedHashMap<>(after.columns());
          columns.put("id", before.columns().get("id"));
          after = new Row(columns);
          change = new Updated("shop.sales", Optional.of(before), after, places.next());
        }
        if (after == null) {
          rows.remove(id);
        } else {
          rows.put(id, after);
        }
        for (Captured captured : mapper.map(change)) {
          if (captured instanceof OfTransaction(Transaction transaction)) {
            Transaction same =
                sent.put(transaction.userId() + "/" + transaction.transactionId(), transaction);
            assertThat(same).as("seed %d: ids are unique", seed).isNull();
          }
        }
      }
      Map<String, Long> sums = new HashMap<>();
      sent.values().forEach(each -> sums.merge(each.userId(), each.signedAmountMinor(), Long::sum));
      Map<String, Long> expected = new HashMap<>();
      for (Row row : rows.values()) {
        if (row.columns().get("amount") instanceof BigDecimal amount) {
          expected.merge(
              (String) row.columns().get("user"),
              amount.movePointRight(2).longValueExact(),
              Long::sum);
        }
      }
      sums.values().removeIf(sum -> sum == 0);
      expected.values().removeIf(sum -> sum == 0);
      assertThat(sums).as("seed %d", seed).isEqualTo(expected);
    }
  }

  private static Row any(Random random, long id) {
    return sale(
        "id",
        id,
        "user",
        "u" + random.nextInt(2),
        "amount",
        random.nextInt(5) == 0 ? null : BigDecimal.valueOf(random.nextInt(3) * 50L, 2),
        "at",
        LocalDateTime.parse("2026-07-01T12:00:00").plusSeconds(random.nextInt(2)));
  }
}
