package io.spendwatch.ops.cli.live;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.questions.CheckResult;
import io.spendwatch.ops.status.NodeClient.Answer;
import io.spendwatch.protocol.EventTime;
import io.spendwatch.protocol.ForeignText;
import java.io.PrintWriter;
import java.time.InstantSource;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Asks what a transaction would do. */
@Command(
    name = "check",
    mixinStandardHelpOptions = true,
    exitCodeOnExecutionException = 2,
    description = {
      "Asks what a transaction would do, without recording it: the user's actor tries it on a copy"
          + " of its window, against a balance that is read for it.",
      "Exit status: 0 the user would stay within the balance (or the transaction has been counted"
          + " before), 1 the balance would be exceeded, 2 nothing was decided because the"
          + " transaction is bad or no node answers, 3 nothing was decided because there is no"
          + " account or the time was too short."
    },
    footerHeading = "%nExample:%n",
    footer = "  spendwatch check 42 120.00 USD || echo declined")
public final class CheckCommand implements Callable<Integer> {
  private static final int EXCEEDS = 1;
  private static final int NOT_DECIDED = 3;

  @Spec private CommandSpec spec;

  @Mixin private AskedNode node;

  @Parameters(index = "0", paramLabel = "USER", description = "Whose transaction it would be.")
  private String userId;

  @Parameters(index = "1", paramLabel = "AMOUNT", description = "Such as 120.00.")
  private String amount;

  @Parameters(index = "2", paramLabel = "CURRENCY", description = "Such as USD.")
  private String currency;

  @Option(names = "--refund", description = "It gives the amount back.")
  private boolean refund;

  @Option(
      names = "--id",
      paramLabel = "ID",
      description = "Of the transaction (default: one that nobody has).")
  private String transactionId;

  @Option(
      names = "--at",
      paramLabel = "INSTANT",
      description = "Its event time, as 2024-07-12T15:57:33.120Z (default: now).")
  private String at;

  @Option(
      names = "--deadline-ms",
      paramLabel = "MS",
      defaultValue = "1000",
      description = "For how long the node may look for the answer (${DEFAULT-VALUE}).")
  private int deadlineMs;

  @Option(names = "--json", description = "Print the document that the node answers with.")
  private boolean json;

  /** As the topic has it. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  private record Question(
      String transactionId,
      String userId,
      String amount,
      String currency,
      String kind,
      String eventTime) {}

  @Override
  public Integer call() {
    var question =
        new Question(
            transactionId == null ? "check-" + UUID.randomUUID() : transactionId,
            userId,
            amount,
            currency,
            refund ? "REFUND" : "PURCHASE",
            at == null ? EventTime.format(InstantSource.system().millis()) : at);
    Answer answer =
        node.post(
            "/api/v1/check",
            Json.write(question),
            Map.of("X-Deadline-Ms", Integer.toString(deadlineMs)));
    if (!answer.isOk()) {
      throw new OperatorException(AskedNode.problem(answer));
    }
    CheckResult result = node.read(answer.body(), CheckResult.class);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(ForeignText.inJson(answer.body()));
    } else {
      print(out, result);
    }
    return status(result);
  }

  /** What was not decided is no word that a script may take for a decision. */
  private static int status(CheckResult result) {
    if (result.degraded()) {
      return NOT_DECIDED;
    }
    return switch (result.outcome()) {
      case "WITHIN", "DUPLICATE" -> 0;
      case "EXCEEDS" -> EXCEEDS;
      default -> NOT_DECIDED;
    };
  }

  private static void print(PrintWriter out, CheckResult result) {
    UserCommand.line(
        out,
        "outcome",
        result.outcome()
            + (result.degraded() ? ", which is the fallback" : "")
            + (result.reason() == null ? "" : " (" + result.reason() + ")"));
    if (result.exposureAfter() != null) {
      UserCommand.line(out, "exposure", result.exposureAfter() + " " + result.currency());
    }
    if (result.balance() != null) {
      UserCommand.line(out, "balance", result.balance() + " " + result.currency());
      UserCommand.line(out, "headroom", result.headroomAfter() + " " + result.currency());
    }
    UserCommand.line(out, "as of", result.asOf());
  }
}
