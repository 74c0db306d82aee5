package io.spendwatch.ops.lab.bench.load;

import io.spendwatch.streams.database.SqlText;
import java.util.Locale;

/** The complex questions of the published case, each of roll-ups and of rows. */
enum HtapQuery {
  HOURLY_SALES,
  PRODUCT_RANKING,
  RFM,
  BY_DEPARTMENT;

  private final String ofRollups;
  private final String ofRows;

  HtapQuery() {
    String file = name().toLowerCase(Locale.ROOT);
    this.ofRollups = SqlText.load(HtapQuery.class, file + "_of_rollups");
    this.ofRows = SqlText.load(HtapQuery.class, file + "_of_rows");
  }

  /** Takes the moment up to which it looks. */
  String sql(boolean isOfRollups) {
    return isOfRollups ? ofRollups : ofRows;
  }

  /** One after the other. */
  static HtapQuery at(long place) {
    HtapQuery[] all = values();
    return all[Math.toIntExact(place % all.length)];
  }
}
