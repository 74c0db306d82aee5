package io.spendwatch.ops.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.loadgen.cli.LoadGen;
import io.spendwatch.protocol.Topics;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Data sets in a directory, by the commands that anybody has.
 *
 * @param group that is to apply the balances before transactions are sent
 */
public record DataSets(Path directory, String bootstrapServers, Topics topics, String group) {

  /** Generates a set of this name, of a kind of {@code generate}. */
  public void generate(String kind, String set, String... options) {
    List<String> command =
        new ArrayList<>(List.of("generate", kind, "--out=" + directory, "--set=" + set));
    command.addAll(List.of(options));
    assertThat(LoadGen.run(command.toArray(String[]::new))).isZero();
  }

  /** Sends it. */
  public void replay(String set, String... options) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "replay",
                directory.resolve(set + ".transactions.csv.gz").toString(),
                "--accounts",
                directory.resolve(set + ".accounts.csv.gz").toString(),
                "--bootstrap-servers",
                bootstrapServers,
                "--group",
                group,
                "--transactions-topic",
                topics.transactions(),
                "--balances-topic",
                topics.balances()));
    command.addAll(List.of(options));
    assertThat(LoadGen.run(command.toArray(String[]::new))).isZero();
  }
}
