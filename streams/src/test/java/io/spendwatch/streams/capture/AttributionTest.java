package io.spendwatch.streams.capture;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.streams.capture.Attribution.RowKey;
import io.spendwatch.streams.capture.Attribution.Share;
import io.spendwatch.streams.capture.Captured.OfTransaction;
import io.spendwatch.streams.capture.change.Change;
import io.spendwatch.streams.capture.change.Change.Deleted;
import io.spendwatch.streams.capture.change.Change.Inserted;
import io.spendwatch.streams.capture.change.Change.Snapshotted;
import io.spendwatch.streams.capture.change.Change.Updated;
import io.spendwatch.streams.capture.change.LogPosition;
import io.spendwatch.streams.capture.change.Row;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AttributionTest {
  private static final String TABLE = "shop.sales";

  private static CaptureMapping mapping(String idPrefix, String more) {
    return CaptureMapping.from(
        ConfigFactory.parseString(
            """
            transactions = [
              {
                table = shop.sales, id = "PREFIX{id}", user-id = "{user}", amount = amount
                currency = "{currency}", kind { positive = PURCHASE }, event-time = at
                original-transaction-id = "{of}"
                MORE
              }
            ]
            """
                .replace("PREFIX", idPrefix)
                .replace("MORE", more)));
  }

  private static Transaction transaction(String id, String original) {
    return new Transaction(id, "7", 100, "EUR", 1000, TransactionKind.REFUND, null, original);
  }

  private static Row row(long id, Random random) {
    Map<String, Object> columns = new LinkedHashMap<>();
    columns.put("id", id);
    columns.put("user", (long) random.nextInt(2));
    columns.put(
        "amount", random.nextInt(8) == 0 ? null : BigDecimal.valueOf(random.nextInt(-200, 200), 2));
    columns.put("currency", random.nextInt(8) == 0 ? "USD" : "EUR");
    columns.put("at", Instant.ofEpochMilli(random.nextInt(2)));
    columns.put("of", random.nextBoolean() ? "o-1" : null);
    return new Row(columns);
  }

  private static Map<RowKey, Long> sums(
      Attribution attribution, ChangeMapper mapper, Iterable<Change> changes) {
    Map<RowKey, Long> sums = new HashMap<>();
    for (Change change : changes) {
      for (Captured captured : mapper.map(change)) {
        if (captured instanceof OfTransaction(Transaction transaction)) {
          Share share = attribution.of(transaction).orElseThrow();
          sums.merge(share.row(), share.adds(), Long::sum);
        }
      }
    }
    sums.values().removeIf(sum -> sum == 0);
    return sums;
  }

  /** Ids that stand in those of corrections, that just do, that just don't, and that never do. */
  @ParameterizedTest
  @ValueSource(ints = {2, 50, 51, 62})
  void whatWasSentForARowAddsUpToWhatASnapshotSends(int prefixCharacters) {
    long seed = System.nanoTime();
    var random = new Random(seed);
    CaptureMapping mapping = mapping("s".repeat(prefixCharacters), "");
    Map<Long, Row> rows = new LinkedHashMap<>();
    List<Change> history = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      var at = new LogPosition("place " + i, i, 1);
      long id = random.nextInt(6);
      Row before = rows.get(id);
      if (before == null) {
        rows.put(id, row(id, random));
        history.add(new Inserted(TABLE, rows.get(id), at));
      } else if (random.nextInt(4) == 0) {
        rows.remove(id);
        history.add(new Deleted(TABLE, before, at));
      } else {
        rows.put(id, row(id, random));
        history.add(new Updated(TABLE, Optional.of(before), rows.get(id), at));
      }
    }
    var attribution = new Attribution(mapping);
    List<Change> snapshot =
        rows.values().stream()
            .<Change>map(row -> new Snapshotted(TABLE, row, new LogPosition("now", 0, 1)))
            .toList();
    assertThat(sums(attribution, mapper(mapping), history))
        .as("seed %d", seed)
        .isEqualTo(sums(attribution, mapper(mapping), snapshot));
  }

  private static ChangeMapper mapper(CaptureMapping mapping) {
    return new ChangeMapper(mapping, new BalanceClock(BalanceClock.State.INITIAL));
  }

  @Test
  void leavesAloneWhatIsOfNoMappedTable() {
    var attribution = new Attribution(mapping("s-", ""));
    assertThat(attribution.of(transaction("tx-1", null))).isEmpty();
    assertThat(attribution.of(transaction("tx-1~abcdefghijkl", "s-1"))).isEmpty();
    assertThat(attribution.of(transaction("s-1~abcdefghijkl", "tx-1")))
        .get()
        .extracting(share -> share.row().rowId(), Share::table, Share::adds)
        .containsExactly("s-1", TABLE, -100L);
    assertThat(
            new Attribution(
                    CaptureMapping.from(
                        ConfigFactory.parseString(
                            "balances = [{ table = t, user-id = u, balance = b, currency = EUR }]")))
                .of(transaction("~" + "a".repeat(43), null)))
        .isEmpty();
  }

  @Test
  void whereChangesAreIgnoredOnlyWhetherTheRowWasSentIsKnown() {
    var attribution = new Attribution(mapping("s-", "on-update = ignore, on-delete = correct"));
    Share first = attribution.of(transaction("s-1", null)).orElseThrow();
    Share takenBack = attribution.of(transaction("s-1~abcdefghijkl", "s-1")).orElseThrow();
    assertThat(first.row()).isEqualTo(takenBack.row());
    assertThat(List.of(first.adds(), takenBack.adds())).containsExactly(1L, 0L);
    assertThat(first.mayOutliveRow()).isTrue();
    assertThat(first.amounts()).isFalse();
  }
}
