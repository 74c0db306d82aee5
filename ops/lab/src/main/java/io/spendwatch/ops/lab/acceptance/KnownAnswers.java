package io.spendwatch.ops.lab.acceptance;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/**
 * What the rule must answer for a data set: {@code SET.reference.csv.gz} and, where the set has
 * one, {@code SET.alerts.csv.gz}, both under constant balances; or {@code
 * SET.reference_asof.csv.gz}, each transaction under the balance in force at its event time.
 *
 * @param rows by transaction id
 * @param alerts null where the set has no alerts file
 */
record KnownAnswers(Map<String, Row> rows, List<ExpectedAlert> alerts) {

  /**
   * One transaction's exposure and balance, minor units; a null balance where the user has no
   * account.
   */
  record Row(long exposureMinor, Long balanceMinor, boolean breach) {}

  /**
   * An alert without what differs from run to run. Empty strings where there is no transaction or
   * cause.
   */
  record ExpectedAlert(
      String type,
      String userId,
      String transactionId,
      long eventTimeMs,
      long exposureMinor,
      long balanceMinor,
      String cause) {}

  /**
   * Reads a set's answers.
   *
   * @throws IOException naming the file, if one is missing or is not of the form that the set's
   *     name promises
   */
  static KnownAnswers read(Path directory, String set) throws IOException {
    Map<String, Row> rows = rows(directory.resolve(set + ".reference.csv.gz"));
    Path alertsFile = directory.resolve(set + ".alerts.csv.gz");
    if (!Files.exists(alertsFile)) {
      return new KnownAnswers(rows, null);
    }
    List<ExpectedAlert> alerts = new ArrayList<>();
    for (String[] line :
        lines(
            alertsFile,
            "type,user_id,transaction_id,event_time,exposure_cents,balance_cents,cause")) {
      alerts.add(
          new ExpectedAlert(
              line[0],
              line[1],
              line[2],
              Instant.parse(line[3]).toEpochMilli(),
              Long.parseLong(line[4]),
              Long.parseLong(line[5]),
              line[6]));
    }
    return new KnownAnswers(rows, alerts);
  }

  /**
   * Reads a set's answers for a run with its later balances; alerts are not known for it.
   *
   * @throws IOException as {@link #read}
   */
  static KnownAnswers readAsOf(Path directory, String set) throws IOException {
    return new KnownAnswers(rows(directory.resolve(set + ".reference_asof.csv.gz")), null);
  }

  private static Map<String, Row> rows(Path file) throws IOException {
    Map<String, Row> rows = new HashMap<>();
    for (String[] line : lines(file, "transaction_id,window_sum_cents,balance_cents,breach")) {
      rows.put(
          line[0],
          new Row(
              Long.parseLong(line[1]),
              line[2].isEmpty() ? null : Long.valueOf(line[2]),
              line[3].equals("1")));
    }
    return rows;
  }

  private static List<String[]> lines(Path file, String header) throws IOException {
    try (var reader =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.UTF_8))) {
      String first = reader.readLine();
      if (!header.equals(first)) {
        throw new IOException(file + ": header is " + first + " (expected: " + header + ")");
      }
      return reader.lines().map(line -> line.split(",", -1)).toList();
    } catch (UncheckedIOException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }
}
