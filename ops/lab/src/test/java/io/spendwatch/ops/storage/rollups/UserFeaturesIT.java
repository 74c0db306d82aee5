package io.spendwatch.ops.storage.rollups;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.audit.AuditScripts;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.testing.NodeSettings;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.streams.database.Database;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Users' features are what a naive program makes of their transactions before that moment, for the
 * newest day as for any before, whatever happens to the steps that compute them.
 */
@ExtendWith(Servers.class)
class UserFeaturesIT {
  private static final int DAYS_KEPT = 3;

  private NodeSettings settings;
  private Database database;
  private Connection connection;
  private Statement sql;

  @BeforeEach
  void connect(TestBed bed) throws SQLException {
    settings = NodeSettings.of(bed);
    database = Database.open(Configuration.load().rollups().postgres());
    connection = bed.database().connect("test");
    sql = connection.createStatement();
    WrittenRows.empty(sql, LocalDate.parse("2026-06-30"));
    // Of some users: the others have no account, and are in some share all the same.
    sql.execute(
        "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor)"
            + " SELECT 'u' || n, 'USD', 1 FROM generate_series(0, 30, 2) AS n ON CONFLICT DO NOTHING");
  }

  @AfterEach
  void close() throws SQLException {
    sql.execute("DROP TRIGGER IF EXISTS crash ON spendwatch.user_features_versions");
    connection.close();
    var _ = database.close().toCompletableFuture().join();
    settings.close();
  }

  @Test
  void areWhatANaiveProgramMakesOfTheTransactionsBefore(TestBed bed) throws SQLException {
    int seeds = Integer.getInteger("spendwatch.histories-of-features", 6);
    long from = Long.getLong("spendwatch.histories-of-features-from", 1);
    for (long seed = from; seed < from + seeds; seed++) {
      if (seed > from) {
        close();
        connect(bed);
      }
      var random = new Random(seed);
      var rows = new WrittenRows(random, database, 3);
      Map<LocalDate, String> stored = new TreeMap<>();
      for (int act = 0; act < 60; act++) {
        String what = act(random, rows);
        Optional<LocalDate> newest = features(1).newest();
        if (newest.isPresent() && !stored.containsKey(newest.get())) {
          // Nothing has come since it was computed: the last act has completed it.
          assertThat(kept(newest.get()))
              .as("seed %d, act %d: %s, of %s", seed, act, what, newest.get())
              .isEqualTo(naive(newest.get()));
          stored.put(newest.get(), text("user_features", newest.get()));
        }
      }
      settle();
      for (Map.Entry<LocalDate, String> version : stored.entrySet()) {
        if (isKept(version.getKey())) {
          assertThat(text("user_features", version.getKey()))
              .as("seed %d, what was known of %s", seed, version.getKey())
              .isEqualTo(version.getValue());
        }
      }
      assertThat(number("SELECT count(*) FROM spendwatch.user_features_versions"))
          .isLessThanOrEqualTo(DAYS_KEPT + 1);
      // With all that has come since in the roll-ups: nothing of it leaks into what was before.
      LocalDate last = LocalDate.parse(text("SELECT max(day)::text FROM spendwatch.daily_users"));
      for (int i = 0; i < 12; i++) {
        LocalDate past = last.minusDays(random.nextInt(80));
        assertThat(computed(past)).as("seed %d, at %s", seed, past).isEqualTo(naive(past));
      }
      assertThat(stored).as("seed %d", seed).hasSizeGreaterThan(3);
    }
  }

  private String act(Random random, WrittenRows rows) throws SQLException {
    int usersAtOnce = 1 + random.nextInt(6);
    return switch (random.nextInt(8)) {
      case 0, 1, 2, 3 -> {
        // What is behind by it is due later: only where all of it is in the roll-ups is it
        // computed.
        yield rows.write() + " rows";
      }
      case 4 -> {
        settle();
        compute(usersAtOnce);
        yield "all shares";
      }
      case 5 -> {
        settle();
        crash();
        boolean isDue = isDue(usersAtOnce);
        if (isDue) {
          assertThatThrownBy(() -> features(usersAtOnce).compute(() -> true))
              .isInstanceOf(OperatorException.class)
              .hasMessageContaining("crashed");
        }
        recover();
        compute(usersAtOnce);
        yield "a crash";
      }
      case 6 -> {
        settle();
        List<CompletableFuture<?>> both = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
          both.add(
              CompletableFuture.runAsync(
                  () -> {
                    boolean _ = features(usersAtOnce).compute(() -> true);
                  }));
        }
        both.forEach(CompletableFuture::join);
        compute(usersAtOnce);
        yield "two at once";
      }
      default -> {
        settle();
        if (isDue(usersAtOnce)) {
          boolean _ = features(usersAtOnce).compute(() -> false);
          compute(1);
        }
        yield "share by share";
      }
    };
  }

  @Test
  void whatIsChangedByHandIsFoundByTheAuditAndMendedByARebuild() throws SQLException {
    var rows = new WrittenRows(new Random(5), database, 2);
    for (int i = 0; i < 60; i++) {
      var _ = rows.write();
    }
    settle();
    compute(4);
    sql.execute("UPDATE spendwatch.transactions SET ingested_at = ingested_at - interval '1 hour'");
    assertThat(found()).isEmpty();
    String who =
        " WHERE (user_id, currency) = (SELECT user_id, currency FROM spendwatch.user_features WHERE as_of ="
            + " (SELECT max(as_of) FROM spendwatch.user_features) ORDER BY transactions DESC, user_id LIMIT 1)";
    for (String change :
        List.of(
            "UPDATE spendwatch.user_features SET daily_spend_p90_minor = daily_spend_p90_minor + 1",
            "UPDATE spendwatch.user_features SET daily_spend_avg_minor = daily_spend_avg_minor - 1",
            "UPDATE spendwatch.user_features SET days_active = days_active + 1",
            "UPDATE spendwatch.user_features SET refund_share = coalesce(refund_share, 0) + 0.1",
            "UPDATE spendwatch.user_features SET usual_hours = usual_hours || 23",
            "UPDATE spendwatch.user_features SET merchants = merchants + 1",
            "UPDATE spendwatch.user_features SET usual_merchants = usual_merchants || 'none such'::text",
            "UPDATE spendwatch.user_features SET transactions = transactions + 1",
            "UPDATE spendwatch.user_features SET transactions = transactions - 1",
            "DELETE FROM spendwatch.user_features")) {
      sql.execute(change + who);
      assertThat(found()).as(change).singleElement().asString().startsWith("WRONG_USER_FEATURES");
      features(3).rebuild();
      assertThat(found()).as("mended: " + change).isEmpty();
    }
    // What comes later changes nothing of what was known, and is no error.
    for (int i = 0; i < 5; i++) {
      var _ = rows.write();
    }
    settle();
    assertThat(found()).isEmpty();
  }

  @Test
  void withoutADayThatHasEndedNothingIsComputed() throws SQLException {
    assertThat(features(5).compute(() -> true)).isTrue();
    assertThat(features(5).newest()).isEmpty();
    assertThatThrownBy(() -> features(5).rebuild())
        .isInstanceOf(OperatorException.class)
        .hasMessageContaining("no transactions");
    var rows = new WrittenRows(new Random(3), database);
    var _ = rows.write();
    sql.execute("UPDATE spendwatch.rollup_feed SET written_at = written_at - interval '1 hour'");
    assertThat(features(5).compute(() -> true)).isTrue();
    assertThat(features(5).newest()).isEmpty();
  }

  private UserFeatures features(int usersAtOnce) {
    return new UserFeatures(
        database,
        new FeaturesConfig(Duration.ofSeconds(1), Duration.ofHours(1), usersAtOnce, DAYS_KEPT),
        3 * usersAtOnce);
  }

  private void compute(int usersAtOnce) {
    assertThat(features(usersAtOnce).compute(() -> true)).isTrue();
  }

  private void settle() {
    assertThat(new Rollups(database, 50).keep(() -> true).isAll()).isTrue();
  }

  private boolean isDue(int usersAtOnce) throws SQLException {
    String due =
        text(
            "SELECT (((max(hour) - interval '1 hour') AT TIME ZONE 'UTC')::date)::text FROM spendwatch.hourly_spend");
    return due != null
        && !features(usersAtOnce).newest().map(LocalDate::toString).equals(Optional.of(due));
  }

  private List<String> found() throws SQLException {
    return AuditScripts.found(
        connection,
        "user_features",
        Map.of("shares", "1", "share", "0", "counted_from", "'-infinity'::timestamptz"));
  }

  /** When the rows of a share are there, and it is not noted yet. */
  private void crash() throws SQLException {
    sql.execute(
        "CREATE OR REPLACE FUNCTION public.crash() RETURNS trigger LANGUAGE plpgsql AS"
            + " $$ BEGIN RAISE EXCEPTION 'crashed'; END $$");
    sql.execute(
        "CREATE TRIGGER crash BEFORE INSERT ON spendwatch.user_features_versions FOR EACH ROW EXECUTE FUNCTION public.crash()");
  }

  private void recover() throws SQLException {
    sql.execute("DROP TRIGGER IF EXISTS crash ON spendwatch.user_features_versions");
  }

  private boolean isKept(LocalDate asOf) throws SQLException {
    return number(
            "SELECT count(*) FROM spendwatch.user_features_versions WHERE as_of = '" + asOf + "'")
        == 1;
  }

  private static final String COLUMNS =
      "user_id || ' ' || currency, transactions, days_active, daily_spend_avg_minor, daily_spend_p90_minor, refund_share,"
          + " usual_hours::text, merchants, usual_merchants::text";

  private Map<String, List<Object>> kept(LocalDate asOf) throws SQLException {
    return read(
        "SELECT " + COLUMNS + " FROM spendwatch.user_features WHERE as_of = '" + asOf + "'");
  }

  private Map<String, List<Object>> computed(LocalDate asOf) throws SQLException {
    return read("SELECT " + COLUMNS + " FROM spendwatch.user_features_at('" + asOf + "')");
  }

  private Map<String, List<Object>> read(String query) throws SQLException {
    Map<String, List<Object>> rows = new TreeMap<>();
    try (ResultSet found = sql.executeQuery(query)) {
      while (found.next()) {
        List<Object> values = new ArrayList<>();
        for (int i = 2; i <= found.getMetaData().getColumnCount(); i++) {
          values.add(String.valueOf(found.getObject(i)));
        }
        assertThat(rows.put(found.getString(1), values)).isNull();
      }
    }
    return rows;
  }

  private record Spend(
      LocalDate day, int hour, boolean isRefund, BigInteger minor, String merchant) {
    BigInteger signed() {
      return isRefund ? minor.negate() : minor;
    }
  }

  /** From the transactions alone, by whom nothing is kept and everything is looked at. */
  private Map<String, List<Object>> naive(LocalDate asOf) throws SQLException {
    Map<String, List<Spend>> spends = new TreeMap<>();
    try (ResultSet found =
        sql.executeQuery(
            "SELECT user_id || ' ' || currency, event_time, kind, amount_minor, merchant FROM spendwatch.transactions")) {
      while (found.next()) {
        OffsetDateTime at =
            found.getObject(2, OffsetDateTime.class).withOffsetSameInstant(ZoneOffset.UTC);
        LocalDate day = at.toLocalDate();
        if (day.isBefore(asOf) && !day.isBefore(asOf.minusDays(30))) {
          spends
              .computeIfAbsent(found.getString(1), _ -> new ArrayList<>())
              .add(
                  new Spend(
                      day,
                      at.getHour(),
                      found.getString(3).equals("REFUND"),
                      BigInteger.valueOf(found.getLong(4)),
                      found.getString(5)));
        }
      }
    }
    Map<String, List<Object>> features = new TreeMap<>();
    spends.forEach((who, all) -> features.put(who, naive(all)));
    return features;
  }

  private static List<Object> naive(List<Spend> spends) {
    Map<LocalDate, BigInteger> days = new HashMap<>();
    Map<Integer, Set<LocalDate>> hours = new TreeMap<>();
    Map<String, Set<LocalDate>> merchantDays = new HashMap<>();
    Map<String, Integer> visits = new HashMap<>();
    BigInteger purchases = BigInteger.ZERO;
    BigInteger refunds = BigInteger.ZERO;
    for (Spend spend : spends) {
      days.merge(spend.day(), spend.signed(), BigInteger::add);
      hours.computeIfAbsent(spend.hour(), _ -> new HashSet<>()).add(spend.day());
      if (spend.merchant() != null) {
        merchantDays.computeIfAbsent(spend.merchant(), _ -> new HashSet<>()).add(spend.day());
        visits.merge(spend.merchant(), 1, Integer::sum);
      }
      if (spend.isRefund()) {
        refunds = refunds.add(spend.minor());
      } else {
        purchases = purchases.add(spend.minor());
      }
    }
    List<BigInteger> thirty = new ArrayList<>(days.values());
    while (thirty.size() < 30) {
      thirty.add(BigInteger.ZERO);
    }
    Collections.sort(thirty);
    List<String> usual =
        merchantDays.keySet().stream()
            .sorted(
                Comparator.comparingInt((String merchant) -> -merchantDays.get(merchant).size())
                    .thenComparingInt(merchant -> -visits.get(merchant))
                    .thenComparing(merchant -> merchant))
            .limit(5)
            .toList();
    Set<Integer> usualHours =
        hours.entrySet().stream()
            .filter(hour -> hour.getValue().size() * 4 >= days.size())
            .map(Map.Entry::getKey)
            .collect(Collectors.toCollection(TreeSet::new));
    return List.of(
        String.valueOf(spends.size()),
        String.valueOf(days.size()),
        new BigDecimal(purchases.subtract(refunds))
            .divide(BigDecimal.valueOf(30), 0, RoundingMode.HALF_UP)
            .toPlainString(),
        thirty.get(26).toString(),
        purchases.signum() == 0
            ? "null"
            : new BigDecimal(refunds)
                .divide(new BigDecimal(purchases), 4, RoundingMode.HALF_UP)
                .toPlainString(),
        usualHours.stream().map(String::valueOf).collect(Collectors.joining(",", "{", "}")),
        String.valueOf(merchantDays.size()),
        usual.stream().collect(Collectors.joining(",", "{", "}")));
  }

  private String text(String table, LocalDate asOf) throws SQLException {
    return text(
        "SELECT string_agg(f::text, '; ' ORDER BY f) FROM spendwatch."
            + table
            + " AS f WHERE as_of = '"
            + asOf
            + "'");
  }

  private long number(String query) throws SQLException {
    return Long.parseLong(text(query));
  }

  private String text(String query) throws SQLException {
    try (ResultSet found = sql.executeQuery(query)) {
      assertThat(found.next()).isTrue();
      return found.getString(1);
    }
  }
}
