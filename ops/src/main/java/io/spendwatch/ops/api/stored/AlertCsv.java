package io.spendwatch.ops.api.stored;

import io.spendwatch.ops.analysis.answer.CsvText;
import io.spendwatch.ops.records.Page;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.EventTime;
import io.spendwatch.protocol.Money;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import java.util.stream.Collectors;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpCharsets;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.Query;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.Uri;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.japi.Pair;

/**
 * Alerts as CSV (RFC 4180): a line of names, then a line for each; commas, line ends of two
 * characters, UTF-8. Stateless.
 */
final class AlertCsv {
  private static final String LINE_END = "\r\n";

  private static final List<String> COLUMNS =
      List.of(
          "alertId",
          "type",
          "episodeId",
          "userId",
          "transactionId",
          "exposure",
          "balance",
          "excess",
          "currency",
          "transactions",
          "windowStart",
          "eventTime",
          "detectedAt",
          "late",
          "cause",
          "revealedBy",
          "topic",
          "partition",
          "offset");

  private AlertCsv() {}

  /**
   * A page; where the next one is stands in the header {@code Link}.
   *
   * @param asked for this one
   */
  static HttpResponse response(Page<Alert> page, Uri asked) {
    HttpResponse response =
        HttpResponse.create()
            .withStatus(StatusCodes.OK)
            .addHeader(
                RawHeader.create("Content-Disposition", "attachment; filename=\"alerts.csv\""))
            .withEntity(HttpEntities.create(ContentTypes.TEXT_CSV_UTF8, text(page.items())));
    return page.next() == null
        ? response
        : response.addHeader(
            RawHeader.create("Link", "<" + next(asked, page.next()) + ">; rel=\"next\""));
  }

  private static String next(Uri asked, String cursor) {
    List<Pair<String, String>> parameters = new ArrayList<>();
    for (Pair<String, String> parameter : asked.query().toList()) {
      if (!parameter.first().equals("cursor")) {
        parameters.add(parameter);
      }
    }
    parameters.add(Pair.create("cursor", cursor));
    return asked.path() + "?" + Query.create(parameters).render(HttpCharsets.UTF_8);
  }

  static String text(List<Alert> alerts) {
    return String.join(",", COLUMNS)
        + LINE_END
        + alerts.stream().map(alert -> line(alert) + LINE_END).collect(Collectors.joining());
  }

  private static String line(Alert alert) {
    String currency = alert.currency();
    var line = new StringJoiner(",");
    line.add(CsvText.field(alert.alertId()));
    line.add(alert.type().name());
    line.add(CsvText.field(alert.episodeId()));
    line.add(CsvText.field(alert.userId()));
    line.add(CsvText.field(alert.transactionId()));
    line.add(Money.format(alert.exposureMinor(), currency));
    line.add(Money.format(alert.balanceMinor(), currency));
    line.add(Money.formatDifference(alert.exposureMinor(), alert.balanceMinor(), currency));
    line.add(CsvText.field(currency));
    line.add(Integer.toString(alert.transactions()));
    line.add(EventTime.format(alert.windowStartMs()));
    line.add(EventTime.format(alert.eventTimeMs()));
    line.add(EventTime.format(alert.detectedAtMs()));
    line.add(Boolean.toString(alert.late()));
    line.add(alert.cause() == null ? "" : alert.cause().name());
    line.add(CsvText.field(alert.revealedBy()));
    line.add(CsvText.field(alert.source().topic()));
    line.add(Integer.toString(alert.source().partition()));
    line.add(Long.toString(alert.source().offset()));
    return line.toString();
  }
}
