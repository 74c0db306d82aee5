package io.spendwatch.ops.api.stored;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.extractRequest;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.pathEnd;
import static org.apache.pekko.http.javadsl.server.Directives.pathPrefix;

import io.spendwatch.ops.analysis.AnalysisMetrics;
import io.spendwatch.ops.analysis.Report;
import io.spendwatch.ops.analysis.ReportQuestion;
import io.spendwatch.ops.analysis.SharedReports;
import io.spendwatch.ops.analysis.answer.AnalysisAnswer;
import io.spendwatch.ops.analysis.answer.AnswerText;
import io.spendwatch.ops.api.answers.Answers;
import io.spendwatch.ops.api.answers.Connection;
import io.spendwatch.ops.api.answers.Parameters;
import io.spendwatch.ops.api.answers.Resource;
import io.spendwatch.ops.records.Page;
import io.spendwatch.protocol.EventTime;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * Reports on much data.
 *
 * <pre>
 *   GET /api/v1/analysis            a list of {@link About}: what can be asked for
 *   GET /api/v1/analysis/{report}   {@link AnalysisAnswer}; 404 for no report's name
 *       ?from &amp;to &amp;by &amp;limit &amp;maxAge     Accept: text/csv gives CSV
 * </pre>
 */
public final class AnalysisResource implements Resource {
  private final SharedReports answers;
  private final AnalysisMetrics metrics;

  /**
   * One report.
   *
   * @param by what it may be asked for by, the default first
   * @param days that it covers by default; null where it is as of now
   */
  record About(String report, String meaning, List<String> by, Integer days) {
    static About of(Report report) {
      return new About(
          report.word(),
          report.meaning(),
          report.words(),
          report.range().map(range -> Math.toIntExact(range.toDays())).orElse(null));
    }
  }

  public AnalysisResource(SharedReports answers, AnalysisMetrics metrics) {
    this.answers = answers;
    this.metrics = metrics;
  }

  @Override
  public Route routes() {
    return Answers.api(
        () ->
            pathPrefix(
                "analysis",
                () ->
                    concat(
                        pathEnd(
                            () ->
                                get(
                                    () ->
                                        Answers.json(
                                            StatusCodes.OK,
                                            new Page<>(
                                                Arrays.stream(Report.values())
                                                    .map(About::of)
                                                    .toList(),
                                                null)))),
                        path(
                            PathMatchers.segment(),
                            word ->
                                get(
                                    () ->
                                        extractRequest(
                                            request ->
                                                Parameters.with(
                                                    p -> report(word, p, request))))))));
  }

  private Route report(String word, Parameters parameters, HttpRequest request) {
    return Report.of(word)
        .map(
            report ->
                Answers.whenThere(
                    answer(
                        new ReportQuestion(
                            report,
                            parameters.instant("from"),
                            parameters.instant("to"),
                            parameters.text("by"),
                            parameters.limitOr(Report.LIMIT_DEFAULT, Report.LIMIT_MAX)),
                        Optional.ofNullable(parameters.duration("maxAge", SharedReports.AGE_MAX)),
                        request),
                    there ->
                        Answers.prefersCsv(request)
                            ? complete(csv(there))
                            : Answers.json(StatusCodes.OK, there)))
        .orElseGet(
            () ->
                Answers.problem(
                    StatusCodes.NOT_FOUND,
                    "there is no report " + word + ": GET /api/v1/analysis names them"));
  }

  private CompletionStage<AnalysisAnswer> answer(
      ReportQuestion question, Optional<Duration> ageMax, HttpRequest request) {
    String word = question.report().word();
    return answers
        .answer(question, ageMax, Connection.closed(request))
        .whenComplete(
            (answer, failure) -> {
              if (failure == null) {
                metrics.answered(word, answer.source());
              } else {
                metrics.refused(word);
              }
            });
  }

  /** Where it is from, and of which moment, is in headers. */
  private static HttpResponse csv(AnalysisAnswer answer) {
    return HttpResponse.create()
        .withStatus(StatusCodes.OK)
        .addHeader(
            RawHeader.create(
                "Content-Disposition", "attachment; filename=\"" + answer.report() + ".csv\""))
        .addHeader(RawHeader.create("Spendwatch-Source", answer.source()))
        .addHeader(
            RawHeader.create("Spendwatch-As-Of", EventTime.format(answer.asOf().toEpochMilli())))
        .withEntity(
            HttpEntities.create(ContentTypes.TEXT_CSV_UTF8, AnswerText.csv(answer) + "\r\n"));
  }
}
