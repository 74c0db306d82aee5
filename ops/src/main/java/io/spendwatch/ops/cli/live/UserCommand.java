package io.spendwatch.ops.cli.live;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.questions.UserAnswer;
import io.spendwatch.ops.status.NodeClient.Answer;
import io.spendwatch.protocol.ForeignText;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows one user, now. */
@Command(
    name = "user",
    mixinStandardHelpOptions = true,
    description = {
      "Shows how a user stands now: exposure over the last 24 h, balance, headroom, and the open"
          + " episode, if there is one. Any node answers for all; who is not in its memory is read"
          + " from the tables.",
      "Exit status: 0 shown, 1 there is no such user, or no node answers."
    },
    footerHeading = "%nExample:%n",
    footer = "  spendwatch user 42")
public final class UserCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private AskedNode node;

  @Parameters(paramLabel = "ID", description = "Of the user.")
  private String userId;

  @Option(names = "--json", description = "Print the document that the node answers with.")
  private boolean json;

  @Override
  public Integer call() {
    Answer answer = node.get("/api/v1/users/" + AskedNode.encoded(userId));
    if (!answer.isOk()) {
      throw new OperatorException(
          (answer.isNotFound() ? "user " + ForeignText.shown(userId) + ": " : "")
              + AskedNode.problem(answer));
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(ForeignText.inJson(answer.body()));
    } else {
      print(out, node.read(answer.body(), UserAnswer.class));
    }
    return 0;
  }

  private static void print(PrintWriter out, UserAnswer user) {
    String name = user.username() == null ? "" : " (" + ForeignText.shown(user.username()) + ")";
    line(out, "user", ForeignText.shown(user.userId()) + name);
    line(
        out,
        "exposure",
        user.exposure()
            + " "
            + user.currency()
            + " in "
            + user.transactions()
            + (user.transactions() == 1 ? " transaction" : " transactions"));
    if (user.balance() == null) {
      line(out, "balance", "there is no account");
    } else {
      line(out, "balance", user.balance() + " " + user.currency() + " since " + user.balanceAsOf());
      line(out, "headroom", user.headroom() + " " + user.currency() + percent(user.ratio()));
    }
    if (user.streamTime() != null) {
      line(out, "window", user.windowStart() + " to " + user.streamTime());
    }
    UserAnswer.OpenEpisode episode = user.openEpisode();
    line(out, "breach", episode == null ? "none" : "since " + episode.since() + opening(episode));
    if (episode != null) {
      line(out, "episode", episode.episodeId());
    }
    line(out, "from", user.source() + ", as of " + user.asOf());
  }

  private static String opening(UserAnswer.OpenEpisode episode) {
    return episode.exposure() == null ? "" : ": " + episode.exposure() + " > " + episode.balance();
  }

  static String percent(BigDecimal ratio) {
    return ratio == null
        ? ""
        : String.format(Locale.ROOT, " (%s %% used)", ratio.movePointRight(2).toPlainString());
  }

  static void line(PrintWriter out, String name, String value) {
    out.println(String.format(Locale.ROOT, "%-9s %s", name, value));
  }
}
