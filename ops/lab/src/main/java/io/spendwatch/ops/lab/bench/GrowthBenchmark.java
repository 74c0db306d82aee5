package io.spendwatch.ops.lab.bench;

import io.spendwatch.ops.lab.bench.site.Site;
import io.spendwatch.ops.lab.bench.turns.Bench;
import io.spendwatch.ops.lab.bench.turns.Contender;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How the rate at which a backlog is taken changes with the number of users, and with the length of
 * their windows; beside the bare loop.
 */
public final class GrowthBenchmark {
  private static final String NAME = Benchmark.GROWTH.label();

  /**
   * How much.
   *
   * @param backlog records that are measured each time
   * @param users how many there are, one size after the other
   * @param windowEntries of each user at the end: fewer users have longer windows of as many
   *     records
   * @param rounds of turns
   * @param javaOptions of node and bare loop alike
   * @param seed of the records
   */
  public record Load(
      long backlog,
      List<Integer> users,
      List<Integer> windowEntries,
      int rounds,
      String javaOptions,
      long seed) {}

  private final Bench bench;
  private final Load load;
  private final List<Figure> figures = new ArrayList<>();

  public GrowthBenchmark(Bench bench, Load load) {
    this.bench = bench;
    this.load = load;
  }

  public List<Figure> run() {
    try (Site site = bench.site()) {
      var drain = new Drain(bench, site, Contender.BARE_LOOP, load.javaOptions());
      List<String> labels = new ArrayList<>();
      List<Drain.Turns> grown = new ArrayList<>();
      for (int users : load.users()) {
        labels.add(String.format(Locale.ROOT, "%,d users", users));
        grown.add(
            drain.run(
                "users-" + users,
                DrainBenchmark.backlog(load.backlog(), users, load.seed()),
                load.rounds()));
      }
      add(labels, grown);
      labels.clear();
      grown.clear();
      for (int entries : load.windowEntries()) {
        // Each measured record is in a window at the end, and so is the warm-up.
        int users = Math.toIntExact(Math.max(1, load.backlog() / entries));
        labels.add(String.format(Locale.ROOT, "%,d entries a user", entries));
        grown.add(
            drain.run(
                "entries-" + entries,
                DrainBenchmark.backlog(load.backlog(), users, load.seed()),
                load.rounds()));
      }
      add(labels, grown);
    }
    return figures;
  }

  /** Each beside the bare loop, and then each contender's against its own with the first size. */
  private void add(List<String> labels, List<Drain.Turns> grown) {
    for (int i = 0; i < labels.size(); i++) {
      add(labels.get(i), grown.get(i), Contender.NODE, rate(grown.get(i), Contender.BARE_LOOP));
    }
    for (Contender contender : Contender.values()) {
      for (int i = 1; i < labels.size(); i++) {
        add(
            String.format(
                Locale.ROOT, "%s: %s / %s", contender.label(), labels.get(i), labels.getFirst()),
            grown.get(i),
            contender,
            rate(grown.getFirst(), contender));
      }
    }
  }

  private void add(String name, Drain.Turns turns, Contender contender, double reference) {
    figures.add(new Figure(NAME, name, rate(turns, contender), "tx/s", reference, turns.check()));
  }

  private static double rate(Drain.Turns turns, Contender contender) {
    return turns.median(contender, Drain.Taken::perSecond);
  }
}
