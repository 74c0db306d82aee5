package io.spendwatch.ops.api;

import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.pathEnd;
import static org.apache.pekko.http.javadsl.server.Directives.pathPrefix;

import io.spendwatch.ops.analysis.AnalysisAnswer;
import io.spendwatch.ops.analysis.Report;
import io.spendwatch.ops.analysis.ReportQuestion;
import io.spendwatch.ops.records.Page;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * Reports on much data.
 *
 * <pre>
 *   GET /api/v1/analysis            a list of {@link About}: what can be asked for
 *   GET /api/v1/analysis/{report}   {@link AnalysisAnswer}; 404 for no report's name
 *       ?from &amp;to &amp;by &amp;limit
 * </pre>
 */
public final class AnalysisResource implements Resource {
  private final Function<ReportQuestion, CompletionStage<AnalysisAnswer>> answers;

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

  /**
   * @param answers answers a report, without blocking
   */
  public AnalysisResource(Function<ReportQuestion, CompletionStage<AnalysisAnswer>> answers) {
    this.answers = answers;
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
                            word -> get(() -> Parameters.with(p -> report(word, p)))))));
  }

  private Route report(String word, Parameters parameters) {
    return Report.of(word)
        .map(
            report ->
                Answers.whenThere(
                    answers.apply(
                        new ReportQuestion(
                            report,
                            parameters.instant("from"),
                            parameters.instant("to"),
                            parameters.text("by"),
                            parameters.limitOr(Report.LIMIT_DEFAULT, Report.LIMIT_MAX))),
                    there -> Answers.json(StatusCodes.OK, there)))
        .orElseGet(
            () ->
                Answers.problem(
                    StatusCodes.NOT_FOUND,
                    "there is no report " + word + ": GET /api/v1/analysis names them"));
  }
}
