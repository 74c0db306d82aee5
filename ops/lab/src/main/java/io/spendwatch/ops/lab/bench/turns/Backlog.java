package io.spendwatch.ops.lab.bench.turns;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.loadgen.oracle.AlertCheck;
import io.spendwatch.loadgen.oracle.KnownAlert;
import io.spendwatch.loadgen.workload.Workload;
import io.spendwatch.loadgen.workload.WorkloadSettings;
import io.spendwatch.ops.lab.bench.load.Traffic;
import io.spendwatch.ops.lab.bench.site.Namespace;
import io.spendwatch.ops.lab.bench.site.Site;
import io.spendwatch.ops.lab.bench.site.Subscriber;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Records that wait in a topic, and the alerts that must come of them: first a warm-up, which has
 * each user at least once, then what is measured.
 */
public final class Backlog {
  private final WorkloadSettings settings;
  private final long warmUp;
  private final long measured;
  private final List<KnownAlert> expected = new ArrayList<>();

  /**
   * @param warmUp how many records are not measured, at least one for each user
   * @param measured further ones
   */
  public Backlog(WorkloadSettings settings, long warmUp, long measured) {
    this.settings = settings;
    this.warmUp = warmUp;
    this.measured = measured;
  }

  /** Writes the accounts and makes the partitions of the table; then sends all of it. */
  public void produce(Site site, Namespace to, Instant now) {
    Instant start = now.minusMillis(records());
    Site.execute(
        to.address(),
        String.format(
            Locale.ROOT,
            "SELECT spendwatch.ensure_partitions(array_agg(at)) FROM generate_series(timestamptz '%s', '%s', '1 hour') AS at",
            start,
            now.plusSeconds(3600)));
    Site.insertAccounts(to.address(), new Workload(settings).accounts(start.toEpochMilli()));
    try (var traffic =
        new Traffic(
            site.producer(),
            to.topics().transactions(),
            settings,
            (alert, _) -> expected.add(alert))) {
      traffic.touchUsers(start.toEpochMilli());
      traffic.sendPast(records() - traffic.sent(), start.toEpochMilli());
      traffic.flush();
    }
  }

  public long records() {
    return warmUp + measured;
  }

  public long measured() {
    return measured;
  }

  /**
   * Holds what came of all of it against what must have.
   *
   * @param who has taken it, for people
   * @return what was right, for people
   * @throws OperatorException if a row or an alert is missing, or is too many
   */
  public String check(String who, Site site, Namespace namespace) {
    namespace.checkRows(who, records());
    var check = new AlertCheck(settings.run());
    expected.forEach(alert -> check.expect(alert, 0));
    try (Subscriber subscriber =
        Subscriber.start(site.client(), namespace.topics().alerts(), check, true)) {
      AlertCheck.Row all = subscriber.awaitExact(who);
      return String.format(
          Locale.ROOT,
          "%,d rows, %,d alerts, none missed, extra or doubled",
          records(),
          all.seen());
    }
  }
}
