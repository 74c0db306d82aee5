package io.spendwatch.ops.cli;

import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.rewind.Rewind;
import io.spendwatch.ops.storage.trail.OperatorTrail;
import io.spendwatch.protocol.ForeignText;
import io.spendwatch.streams.database.Database;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Has nodes read again what a database that was put back to an older point does not know. */
@Command(
    name = "rewind",
    mixinStandardHelpOptions = true,
    exitCodeOnExecutionException = 2,
    description = {
      "After the database was restored to an older point: nodes wait with the transactions that the group has"
          + " committed and the tables do not know. This says what they are, and with --yes has them read again:"
          + " each gets its row, and no alert that subscribers have had is published a second time.",
      "To be used when the restored database is as it is to be, accounts that are written by hand included; nodes"
          + " run meanwhile, and go on by themselves afterwards.",
      "Exit status: 0 when nothing waits, or it is done, or would be; 1 when not all balances are back yet; 2 when a"
          + " server does not answer."
    },
    footerHeading = "%nExample:%n",
    footer = "  spendwatch rewind --yes")
public final class RewindCommand implements Callable<Integer> {
  private static final int NOT_YET = 1;

  @Spec private CommandSpec spec;

  @Option(names = "--yes", description = "Do it.")
  private boolean yes;

  @Option(names = "--json", description = "Print what is read again as JSON.")
  private boolean json;

  @Override
  public Integer call() {
    Configuration configuration = Configuration.load();
    Database database = Database.open(configuration.streams().postgres());
    try {
      var rewind = new Rewind(database, configuration.streams().kafka());
      Rewind.Need need = rewind.need();
      PrintWriter out = spec.commandLine().getOut();
      if (json) {
        out.println(ForeignText.inJson(Json.write(need)));
      } else {
        print(out, need);
      }
      if (need.stretches().isEmpty() || !yes) {
        return 0;
      }
      if (need.balancesToApply() > 0) {
        return NOT_YET;
      }
      int seen = rewind.ask(need, System.getProperty("user.name", "unknown"));
      new OperatorTrail(database)
          .noteCommand(
              "rewind --yes", need.stretches().size() + " partitions, " + seen + " alerts seen");
      if (!json) {
        out.println(
            "asked for: nodes read them again within seconds; "
                + seen
                + " alerts that subscribers have had are not published again");
      }
      return 0;
    } finally {
      var _ = database.close().toCompletableFuture().join();
    }
  }

  private void print(PrintWriter out, Rewind.Need need) {
    if (need.stretches().isEmpty()) {
      out.println(
          "nothing to read again: no node waits with transactions that the tables have forgotten");
      return;
    }
    for (Rewind.Stretch stretch : need.stretches()) {
      out.println(
          String.format(
              Locale.ROOT,
              "partition %d: offsets [%d, %d), noticed by %s at %s%s",
              stretch.partition(),
              stretch.from(),
              stretch.to(),
              ForeignText.shown(stretch.noticedBy()),
              stretch.noticedAt(),
              stretch.gone() == 0
                  ? ""
                  : "; "
                      + stretch.gone()
                      + " of them are not in the topic any more: they are lost"));
    }
    if (need.balancesToApply() > 0) {
      out.println(
          need.balancesToApply()
              + " offsets of balances are still being read again, by nodes, by themselves; transactions are assessed by"
              + " them: run this again when they are");
    } else if (!yes) {
      out.println("dry run: --yes has them read again");
    }
  }
}
