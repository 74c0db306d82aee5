package io.spendwatch.ops.faults;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.loadgen.LoadGen;
import io.spendwatch.streams.PipelinesBed;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/**
 * A generated data set with known answers, and duplicates in it, cut into slices that are replayed
 * one by one: so that each fault falls into the load.
 *
 * @param directory of the set's files
 * @param slices how many
 * @param rowsPerSlice records of each
 */
record SlicedData(Path directory, int slices, int rowsPerSlice) {
  /** Name of the set. */
  static final String SET = "faults";

  private static final int USERS = 300;

  /** Generates the set. */
  static SlicedData generate(Path directory, int slices, int rowsPerSlice, long seed)
      throws IOException {
    assertThat(
            LoadGen.run(
                "generate",
                "spend",
                "--out=" + directory,
                "--set=" + SET,
                "--users=" + USERS,
                "--transactions=" + (long) slices * rowsPerSlice,
                "--duplicates=0.05",
                "--seed=" + seed))
        .isZero();
    SlicedData data = new SlicedData(directory, slices, rowsPerSlice);
    data.cut();
    return data;
  }

  /**
   * Produces one slice, and the accounts before it once more. Blocks until Kafka has all of it.
   *
   * @param number from 0
   */
  void replay(int number, int perSecond, PipelinesBed bed) {
    assertThat(
            LoadGen.run(
                "replay",
                file(number).toString(),
                "--accounts=" + directory.resolve(SET + ".accounts.csv.gz"),
                "--rate=" + perSecond,
                "--bootstrap-servers=" + bed.bootstrapServers(),
                "--group=" + bed.group(),
                "--transactions-topic=" + bed.topics().transactions(),
                "--balances-topic=" + bed.topics().balances()))
        .isZero();
  }

  private Path file(int number) {
    return directory.resolve("slice-" + number + ".csv.gz");
  }

  private void cut() throws IOException {
    List<String> lines;
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(
                    Files.newInputStream(directory.resolve(SET + ".transactions.csv.gz"))),
                UTF_8))) {
      lines = reader.lines().toList();
    }
    String header = lines.getFirst();
    List<String> rows = lines.subList(1, lines.size());
    for (int slice = 0; slice < slices; slice++) {
      int from = (int) ((long) rows.size() * slice / slices);
      int to = (int) ((long) rows.size() * (slice + 1) / slices);
      try (BufferedWriter writer =
          new BufferedWriter(
              new OutputStreamWriter(
                  new GZIPOutputStream(Files.newOutputStream(file(slice))), UTF_8))) {
        writer.write(header + "\n");
        for (String row : rows.subList(from, to)) {
          writer.write(row + "\n");
        }
      }
    }
  }
}
