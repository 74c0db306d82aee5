package io.spendwatch.ops.cli;

import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.storage.rollups.Rollups;
import io.spendwatch.ops.storage.rollups.UserFeatures;
import io.spendwatch.ops.storage.trail.OperatorTrail;
import io.spendwatch.protocol.ForeignText;
import io.spendwatch.streams.database.Database;
import java.io.PrintWriter;
import java.time.LocalDate;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows the roll-ups, or counts one of them anew. */
@Command(
    name = "rollups",
    mixinStandardHelpOptions = true,
    description = {
      "Shows the roll-ups that nodes keep, and how far they are; or, with --rebuild, counts one of them anew from"
          + " all rows, beside ingestion. Whoever reads it meanwhile sees the old figures of a part until the"
          + " new ones are complete.",
      "user_features is computed from them once a day; its --rebuild computes the newest day's anew, and whoever"
          + " reads it meanwhile sees those of the day before.",
      "To be used when the audit has found one wrong, or after rows were added by hand.",
      "Exit status: 0 done, 1 not done, 2 wrong usage."
    },
    footerHeading = "%nExample:%n",
    footer = "  spendwatch rollups --rebuild hourly_spend")
public final class RollupsCommand implements Callable<Integer> {
  private static final String FEATURES = "user_features";

  @Spec private CommandSpec spec;

  @Option(names = "--rebuild", paramLabel = "NAME", description = "Count this one anew.")
  private String rebuilt;

  @Option(names = "--json", description = "Print what they are as JSON.")
  private boolean json;

  @Override
  public Integer call() {
    Configuration configuration = Configuration.load();
    Database database = Database.open(configuration.rollups().postgres());
    try {
      var rollups = new Rollups(database, configuration.rollups().rowsAtOnce());
      var features = new UserFeatures(database, configuration.rollups().features());
      if (FEATURES.equals(rebuilt)) {
        features.rebuild();
      } else if (rebuilt != null) {
        rollups.rebuild(rebuilt);
      }
      if (rebuilt != null) {
        new OperatorTrail(database).noteCommand("rollups --rebuild " + rebuilt, "done");
      }
      print(rollups.states(), features.newest());
      return 0;
    } finally {
      var _ = database.close().toCompletableFuture().join();
    }
  }

  private void print(List<Rollups.State> states, Optional<LocalDate> features) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(ForeignText.inJson(Json.write(states)));
      return;
    }
    for (Rollups.State state : states) {
      out.println(
          String.format(
              Locale.ROOT,
              "%-16s %s",
              ForeignText.shown(state.name()),
              state.isBuilt()
                  ? String.format(Locale.ROOT, "%.1f s behind", state.lagSeconds())
                  : "to be built by a node"));
    }
    out.println(
        String.format(
            Locale.ROOT,
            "%-16s %s",
            FEATURES,
            features
                .map(day -> "as of the begin of " + day)
                .orElse("to be computed when a day has ended")));
  }
}
