package io.spendwatch.loadgen.dataset;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spendwatch.errors.OperatorException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CsvTest {

  @TempDir private Path folder;

  @Test
  void readsPlainAndQuotedFields() throws IOException {
    assertThat(rows("a,b,c\n1,,3\n\"x,y\",\"say \"\"hi\"\"\",ü\n\"two\nlines\",p\"q\"r,\n"))
        .containsExactly(
            List.of("1", "", "3"),
            List.of("x,y", "say \"hi\"", "ü"),
            List.of("two\nlines", "pqr", ""));
  }

  @Test
  void readsWindowsLineEndsAndALastLineWithoutOne() throws IOException {
    assertThat(rows("a,b,c\r\n1,2,3\r\n4,5,6"))
        .containsExactly(List.of("1", "2", "3"), List.of("4", "5", "6"));
  }

  @Test
  void knowsGzipByItsFirstBytesWhateverTheName() throws IOException {
    Path gzip = folder.resolve("rows.csv.gz");
    writeRow(gzip, "1", "2", "3");
    Path renamed = Files.move(gzip, folder.resolve("rows.csv"));

    assertThat(rows(renamed)).containsExactly(List.of("1", "2", "3"));
  }

  @Test
  void readsBackWhatItWrites() {
    Path file = folder.resolve("rows.csv.gz");
    writeRow(file, "a,b", "\"\n", null);

    assertThat(rows(file)).containsExactly(List.of("a,b", "\"\n", ""));
  }

  @Test
  void writesTheSameBytesForTheSameRows() throws IOException {
    writeRow(folder.resolve("one"), "1", "2", "3");
    writeRow(folder.resolve("two"), "1", "2", "3");

    assertThat(folder.resolve("one")).hasSameBinaryContentAs(folder.resolve("two"));
  }

  @Test
  void namesFileAndLineOfWhatIsWrong() {
    assertFails("a,b\n", "rows.csv:1: header a,b (expected: a,b,c)");
    assertFails("", "rows.csv:1: header null");
    assertFails("a,b,c\n1,2,3\n1,2\n", "rows.csv:3: 2 fields (expected: 3)");
    assertFails("a,b,c\n\"x\ny\",2,3\n1,2,3,4\n", "rows.csv:4: 4 fields");
    assertFails("a,b,c\n1,2,\"3\n4\n", "rows.csv:2: a quote is not closed");
    assertFails("a,b,c\n1,bad,3\n", "rows.csv:2: bad is bad");
  }

  @Test
  void refusesWhatIsNotUtf8OrNotGzip() throws IOException {
    Path latin = Files.write(folder.resolve("latin"), new byte[] {'a', ',', (byte) 0xe4, '\n'});
    Path cut = Files.write(folder.resolve("cut.gz"), "a,b,c\n".getBytes(UTF_8));

    assertThatThrownBy(() -> rows(latin))
        .isInstanceOf(OperatorException.class)
        .hasMessageContaining("latin");
    assertThatThrownBy(() -> rows(cut))
        .isInstanceOf(OperatorException.class)
        .hasMessageContaining("cut.gz");
    assertThatThrownBy(() -> rows(folder.resolve("nowhere")))
        .isInstanceOf(OperatorException.class)
        .hasMessageContaining("nowhere: no such file");
  }

  private void assertFails(String csv, String message) {
    assertThatThrownBy(() -> rows(csv))
        .isInstanceOf(OperatorException.class)
        .hasMessageContaining(message);
  }

  private List<List<String>> rows(String csv) throws IOException {
    return rows(Files.writeString(folder.resolve("rows.csv"), csv));
  }

  private static List<List<String>> rows(Path file) {
    List<List<String>> rows = new ArrayList<>();
    try (CsvReader<List<String>> reader = CsvReader.open(file, "a,b,c", CsvTest::notBad)) {
      for (List<String> row = reader.next(); row != null; row = reader.next()) {
        rows.add(row);
      }
    }
    return rows;
  }

  private static List<String> notBad(List<String> fields) {
    if (fields.contains("bad")) {
      throw new IllegalArgumentException("bad is bad");
    }
    return fields;
  }

  private static void writeRow(Path file, Object... fields) {
    try (var csv = new CsvWriter(file, "a,b,c")) {
      csv.row(fields);
    }
  }
}
