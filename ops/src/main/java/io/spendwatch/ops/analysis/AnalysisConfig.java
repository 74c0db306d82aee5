package io.spendwatch.ops.analysis;

import static io.spendwatch.streams.base.ConfigSection.check;
import static io.spendwatch.streams.base.ConfigSection.checkPositive;
import static io.spendwatch.streams.base.ConfigSection.checkRange;

import com.typesafe.config.Config;
import io.spendwatch.streams.base.ConfigSection;
import java.time.Duration;

/**
 * What a question may take: {@code spendwatch.analysis}.
 *
 * @param timeout after which the server cancels a statement of it: for so long it may hold a
 *     snapshot
 * @param cost what a free query may cost, by the planner's estimate
 * @param replicaLagMax how far behind the replica may be, where nobody says
 * @param replicaWait for how long a place in the log is waited for
 * @param rowsMax rows that a free query is answered with at most
 * @param bytesMax characters that these may have, about
 * @param sharing how reports share answers
 */
public record AnalysisConfig(
    Duration timeout,
    Costs cost,
    Duration replicaLagMax,
    Duration replicaWait,
    int rowsMax,
    int bytesMax,
    Sharing sharing) {
  private static final String PATH = "spendwatch.analysis";

  /**
   * Bounds of estimated costs, in the planner's units.
   *
   * @param dear from which on a replica is asked rather than the primary
   * @param primaryMax what the primary is asked at most
   * @param replicaMax what a replica is asked at most
   */
  public record Costs(long dear, long primaryMax, long replicaMax) {
    public Costs {
      checkAtLeastOne("cost-dear", dear);
      checkAtLeastOne("cost-max", primaryMax);
      checkAtLeastOne("replica-cost-max", replicaMax);
    }

    private static void checkAtLeastOne(String key, long cost) {
      if (cost < 1) {
        throw new IllegalArgumentException(
            PATH + "." + key + ": " + cost + " (expected: at least 1)");
      }
    }
  }

  /**
   * How reports share answers.
   *
   * @param answersFor how old an answer may be, where the question does not say; 0 for one that is
   *     read for it
   * @param answersMax how many are kept at most
   * @param bytesMax memory that these may take, about
   */
  public record Sharing(Duration answersFor, int answersMax, int bytesMax) {
    public Sharing {
      check(
          !answersFor.isNegative() && answersFor.compareTo(SharedReports.AGE_MAX) <= 0,
          PATH + ".share-answers-for",
          answersFor,
          "0 to " + SharedReports.AGE_MAX);
      checkRange(PATH + ".shared-answers-max", answersMax, 0, 10_000);
      checkRange(PATH + ".shared-bytes-max", bytesMax, 0, 1_000_000_000);
    }
  }

  public AnalysisConfig {
    checkPositive(PATH + ".timeout", timeout);
    checkPositive(PATH + ".replica-lag-max", replicaLagMax);
    checkPositive(PATH + ".replica-wait", replicaWait);
    checkRange(PATH + ".rows-max", rowsMax, 1, 1_000_000);
    checkRange(PATH + ".bytes-max", bytesMax, 1000, 1_000_000_000);
  }

  /** Reads {@code spendwatch.analysis}. */
  public static AnalysisConfig from(Config root) {
    ConfigSection section = ConfigSection.of(root, PATH);
    AnalysisConfig config =
        new AnalysisConfig(
            section.duration("timeout"),
            new Costs(
                section.integer("cost-dear"),
                section.integer("cost-max"),
                section.integer("replica-cost-max")),
            section.duration("replica-lag-max"),
            section.duration("replica-wait"),
            section.integer("rows-max"),
            section.integer("bytes-max"),
            new Sharing(
                section.duration("share-answers-for"),
                section.integer("shared-answers-max"),
                section.integer("shared-bytes-max")));
    section.rejectUnknown();
    return config;
  }
}
