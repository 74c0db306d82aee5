package io.spendwatch.ops.cli.live;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.questions.TopAnswer;
import io.spendwatch.ops.status.NodeClient.Answer;
import io.spendwatch.protocol.ForeignText;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows who is nearest to their limit. */
@Command(
    name = "top",
    mixinStandardHelpOptions = true,
    description = {
      "Shows the users nearest to their limit, or over it, of all partitions; of those who are in"
          + " memory, as everybody is who has had a transaction lately.",
      "Exit status: 0 shown, 1 no node answers."
    },
    footerHeading = "%nExample:%n",
    footer = "  spendwatch top --by excess --limit 10")
public final class TopCommand implements Callable<Integer> {
  private static final int ID_COLUMNS = 20;

  @Spec private CommandSpec spec;

  @Mixin private AskedNode node;

  @Option(
      names = "--by",
      paramLabel = "WORD",
      defaultValue = "ratio",
      description = "ratio (exposure by balance), exposure, or excess (${DEFAULT-VALUE}).")
  private String by;

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "20",
      description = "So many users, 1 to 500 (${DEFAULT-VALUE}).")
  private int limit;

  @Option(names = "--json", description = "Print the document that the node answers with.")
  private boolean json;

  @Override
  public Integer call() {
    Answer answer = node.get("/api/v1/top?by=" + AskedNode.encoded(by) + "&limit=" + limit);
    if (!answer.isOk()) {
      throw new OperatorException(AskedNode.problem(answer));
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(ForeignText.inJson(answer.body()));
    } else {
      print(out, node.read(answer.body(), TopAnswer.class));
    }
    return 0;
  }

  private static void print(PrintWriter out, TopAnswer top) {
    if (top.items().isEmpty()) {
      out.println("nobody with an account is in memory yet");
    } else {
      out.println(row("user", "exposure", "balance", "headroom", "used"));
      for (TopAnswer.Item item : top.items()) {
        out.println(
            row(
                    shortened(ForeignText.shown(item.userId())),
                    item.exposure(),
                    item.balance(),
                    item.headroom(),
                    item.ratio() == null
                        ? "-"
                        : item.ratio().movePointRight(2).setScale(1, java.math.RoundingMode.HALF_UP)
                            + "%")
                + " "
                + item.currency());
      }
    }
    if (!top.missingPartitions().isEmpty()) {
      out.println("without partitions that have not answered: " + top.missingPartitions());
    }
  }

  private static String row(
      String user, String exposure, String balance, String left, String used) {
    return String.format(
        Locale.ROOT, "%-20s %15s %15s %15s %7s", user, exposure, balance, left, used);
  }

  private static String shortened(String text) {
    return text.length() <= ID_COLUMNS ? text : text.substring(0, ID_COLUMNS - 1) + "\u2026";
  }
}
