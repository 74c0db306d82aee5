package io.spendwatch.ops.storage.retention;

import com.typesafe.config.Config;
import io.spendwatch.ops.storage.archive.ArchiveConfig;
import io.spendwatch.ops.storage.tablepartitions.PartitionsConfig;
import io.spendwatch.streams.base.ConfigSection;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * How long is kept what is in no partition of {@code transactions}: {@code spendwatch.retention}.
 *
 * @param kept how long rows of each kind are; a kind that is missing, for ever
 * @param deadLetters what topics of dead letters are made with; empty: for ever
 * @param stepRows how many rows a step looks at
 * @param busyMax after which a look ends, done or not
 */
public record RetentionConfig(
    Map<Kind, Duration> kept, Optional<Duration> deadLetters, int stepRows, Duration busyMax) {
  private static final String PATH = "spendwatch.retention";
  private static final String FOR_EVER = "forever";
  private static final int STEP_ROWS_MAX = 100_000;

  /** Whoever is on call looks at what was said some days ago. */
  private static final Duration KEPT_MIN = Duration.ofDays(3);

  /** A day is archived at the next run after it has settled. */
  private static final Duration ARCHIVE_RUNS_WITHIN = Duration.ofDays(2);

  /** What is removed. The names are those of table {@code retention}. */
  public enum Kind {
    ACCOUNT_VERSIONS("account_versions", true),
    ALERTS("alerts", true),
    AUDITS("audits", false),
    OPERATOR_ACTIONS("operator_actions", false);

    private final String word;
    private final boolean explainsTransactions;

    Kind(String word, boolean explainsTransactions) {
      this.word = word;
      this.explainsTransactions = explainsTransactions;
    }

    /** As the database calls it. */
    public String word() {
      return word;
    }

    private String setting() {
      return PATH + "." + key();
    }

    private String key() {
      return word.replace('_', '-');
    }
  }

  public RetentionConfig {
    kept = Map.copyOf(kept);
    kept.forEach(
        (kind, duration) -> checkAtLeast(kind.setting(), duration, KEPT_MIN, KEPT_MIN.toString()));
    deadLetters.ifPresent(
        duration -> checkAtLeast(PATH + ".dead-letters", duration, KEPT_MIN, KEPT_MIN.toString()));
    ConfigSection.checkRange(PATH + ".step-rows", stepRows, 1, STEP_ROWS_MAX);
    ConfigSection.checkPositive(PATH + ".busy-max", busyMax);
  }

  private static void checkAtLeast(
      String setting, Duration kept, Duration least, String leastShown) {
    ConfigSection.check(
        kept.compareTo(least) >= 0, setting, kept, "at least " + leastShown + ", or " + FOR_EVER);
  }

  /**
   * Reads {@code spendwatch.retention}.
   *
   * @param partitions how long transactions are kept: what explains them is not kept for less
   * @param archive where there is one, dead letters have to be there when their day is archived
   */
  public static RetentionConfig from(
      Config root, PartitionsConfig partitions, ArchiveConfig archive) {
    ConfigSection section = ConfigSection.of(root, PATH);
    Map<Kind, Duration> kept = new EnumMap<>(Kind.class);
    for (Kind kind : Kind.values()) {
      duration(section, kind.key()).ifPresent(duration -> kept.put(kind, duration));
    }
    var config =
        new RetentionConfig(
            kept,
            duration(section, "dead-letters"),
            section.integer("step-rows"),
            section.duration("busy-max"));
    section.rejectUnknown();
    config.checkAgainst(partitions, archive);
    return config;
  }

  private void checkAgainst(PartitionsConfig partitions, ArchiveConfig archive) {
    kept.forEach(
        (kind, duration) -> {
          if (kind.explainsTransactions) {
            ConfigSection.check(
                partitions.retention().isPresent()
                    && duration.compareTo(partitions.retention().get()) >= 0,
                kind.setting(),
                duration,
                "at least spendwatch.partitions.retention, which is "
                    + partitions.retention().map(Duration::toString).orElse(FOR_EVER)
                    + ": transactions are audited and explained with them; or "
                    + FOR_EVER);
          }
        });
    if (archive.uri().isPresent()) {
      Duration least = archive.settled().plus(ARCHIVE_RUNS_WITHIN);
      deadLetters.ifPresent(
          duration ->
              checkAtLeast(
                  PATH + ".dead-letters",
                  duration,
                  least,
                  least + ", as they are archived with their day"));
    }
  }

  private static Optional<Duration> duration(ConfigSection section, String key) {
    return section.string(key).equals(FOR_EVER)
        ? Optional.empty()
        : Optional.of(section.duration(key));
  }
}
