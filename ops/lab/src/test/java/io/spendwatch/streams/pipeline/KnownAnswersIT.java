package io.spendwatch.streams.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.lab.acceptance.Comparison;
import io.spendwatch.ops.testing.DataSets;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.protocol.Partitioner;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Data sets that the product generates itself, with answers computed by the naive oracle, which
 * shares no code with the actors: replayed through the real pipelines, the tables and the alert
 * topic hold exactly these answers.
 */
@ExtendWith(Servers.class)
class KnownAnswersIT {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @TempDir private Path directory;
  private PipelinesBed bed;
  private DataSets sets;

  @BeforeEach
  void prepare(TestBed servers) throws Exception {
    bed = new PipelinesBed(servers.bootstrapServers(), servers.database());
    bed.start("a");
    sets = new DataSets(directory, bed.bootstrapServers(), bed.topics(), bed.group());
  }

  @AfterEach
  void cleanUp() {
    bed.close();
  }

  @Test
  void storeSalesAndReturns() throws Exception {
    sets.generate("tpcds", "sales", "--scale", "0.005");
    replay("sales");
    assertEqual("sales");
  }

  @Test
  void tiesEdgesRefundsAndHotUsersWhicheverWayTheyComeTwice() throws Exception {
    sets.generate("spend", "nasty", "--users", "60", "--transactions", "8000", "--seed", "11");
    replay("nasty");
    assertEqual("nasty");
    List<String> before = fingerprint();
    replay("nasty");
    assertEqual("nasty");
    assertThat(fingerprint()).isEqualTo(before);
  }

  @Test
  void rowsAreExactOutOfOrder() throws Exception {
    sets.generate(
        "spend",
        "late",
        "--users",
        "40",
        "--transactions",
        "6000",
        "--seed",
        "12",
        "--disorder",
        "0.2",
        "--disorder-max",
        "20h",
        "--duplicates",
        "0.05");
    replay("late");
    assertEqual("late");
  }

  private void replay(String set) {
    sets.replay(set);
    await().atMost(LIMIT).until(() -> bed.isCaughtUp());
  }

  private void assertEqual(String set) throws Exception {
    Comparison comparison =
        Comparison.run(
            directory,
            set,
            false,
            bed.connect(),
            bed.consumerProperties(),
            bed.topics(),
            Partitioner.MURMUR2);
    assertThat(comparison.isEqual()).as(comparison.report()).isTrue();
  }

  /** Every row and alert, without what a clock wrote. */
  private List<String> fingerprint() {
    return bed.column(
        """
        SELECT md5(string_agg(row::text, ',' ORDER BY row::text))
          FROM (SELECT t::text AS row FROM spendwatch.transactions t
                 UNION ALL
                SELECT a::text FROM spendwatch.alerts a) everything
        """);
  }
}
