package io.spendwatch.loadgen.shop;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.loadgen.shop.Application.Outcome;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ShopReportTest {
  private final ShopReport.Tally tally = new ShopReport.Tally();

  @Test
  void saysWhatAStoreHasDone() {
    var line = new Application.SoldLine(1, 2, 3, 4, 5, 600);
    tally.count(new Outcome.Sold(List.of(line, line), 123_456));
    tally.count(new Outcome.Sold(List.of(line), 44));
    tally.count(new Outcome.Returned(100));
    tally.count(new Outcome.OutOfStock(2));
    tally.count(new Outcome.Delivered());
    tally.count(new Outcome.ReturnedBefore());
    tally.count(new Outcome.Unknown());
    tally.conflict();
    tally.lostConnection();
    ShopReport report = tally.report(Duration.ofMillis(1500));

    assertThat(report.text())
        .isEqualTo(
            "shop: 2 sales of 3 lines for 1235.00 USD, 1 returns for 1.00 USD in 1.5 s, 2.0/s;"
                + " 2 rolled back (1 out of stock, 1 returned before), 1 deliveries; run again after"
                + " 1 conflicts and 1 lost connections; 1 of unknown outcome");
    assertThat(report.json())
        .isEqualTo(
            "{\"sales\":2,\"lines\":3,\"sold\":\"1235.00\",\"returns\":1,\"returned\":\"1.00\","
                + "\"currency\":\"USD\",\"rolledBack\":2,\"outOfStock\":1,\"returnedBefore\":1,"
                + "\"deliveries\":1,\"questions\":0,\"riskyUsers\":0,\"conflicts\":1,"
                + "\"lostConnections\":1,\"unknown\":1,\"tookMs\":1500}");
  }

  @Test
  void countsARiskyUserOnce() {
    tally.count(new Outcome.Spent(1_000));
    tally.count(new Outcome.Asked(Set.of(1L, 2L)));
    tally.count(new Outcome.Spent(-300));
    tally.count(new Outcome.Asked(Set.of(2L)));
    ShopReport report = tally.report(Duration.ofSeconds(1));

    assertThat(report.soldMinor()).isEqualTo(1_000);
    assertThat(report.returnedMinor()).isEqualTo(300);
    assertThat(report.text()).contains("; 2 risky users of 2 questions;");
  }
}
