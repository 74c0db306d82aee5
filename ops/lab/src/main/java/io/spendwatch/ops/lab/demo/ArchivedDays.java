package io.spendwatch.ops.lab.demo;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.loadgen.dataset.CsvReader;
import io.spendwatch.loadgen.dataset.CsvWriter;
import io.spendwatch.loadgen.dataset.DataSet;
import io.spendwatch.ops.lab.process.Children;
import io.spendwatch.ops.lab.process.GuardedProcess;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The busiest days of the recorded sales, put on three days of last week: these are closed, so they
 * leave for an archive, are asked over there, and one of them comes back; all of it by the commands
 * that a user would give. For one thread.
 */
final class ArchivedDays {
  private static final int DAYS = 3;

  /** Of the recorded days, which have some thirty sales at most. */
  private static final int RECORDED_EACH = 20;

  /** The last of them ended four days ago, which is older than what is kept. */
  private static final int FIRST_DAYS_AGO = 7;

  private static final String KEPT = "4d";

  /** Until each partition has had a record of today: then the days are closed. */
  private static final Duration BEFORE_LEAVING = Duration.ofSeconds(8);

  /** A row of the query's answer: a day and its transactions. */
  private static final Pattern ANSWER = Pattern.compile("(\\d{4}-\\d{2}-\\d{2})[^,]*,(\\d+)\\b.*");

  private final Children children;
  private final Map<String, String> environment;
  private final PostgresAddress database;
  private final Consumer<String> say;
  private final Map<LocalDate, Long> sold = new TreeMap<>();
  private Optional<LocalDate> restored = Optional.empty();

  /**
   * @param environment by which commands find our servers and a node
   * @param archive a directory that is made when it is needed
   * @param say is told what happens, for people
   */
  ArchivedDays(
      Children children,
      Map<String, String> environment,
      Path archive,
      PostgresAddress database,
      Consumer<String> say) {
    this.children = children;
    this.environment = new HashMap<>(environment);
    this.environment.put("SPENDWATCH_ARCHIVE_URI", archive.toUri().toString());
    this.environment.put("SPENDWATCH_PARTITIONS_RETENTION", KEPT);
    this.database = database;
    this.say = say;
  }

  /**
   * Writes the days that are to leave.
   *
   * @param recorded transactions of a data set
   * @param moved the file to be made
   * @param today by which it is last week
   * @throws OperatorException if there are no such days
   */
  void write(Path recorded, Path moved, LocalDate today) {
    Map<LocalDate, Long> all = new TreeMap<>();
    try (CsvReader<List<String>> rows = open(recorded)) {
      for (List<String> row = rows.next(); row != null; row = rows.next()) {
        all.merge(dayOf(row), 1L, Long::sum);
      }
    }
    List<LocalDate> busiest =
        all.entrySet().stream()
            .sorted(Map.Entry.<LocalDate, Long>comparingByValue(Comparator.reverseOrder()))
            .limit(DAYS * RECORDED_EACH)
            .map(Map.Entry::getKey)
            .sorted()
            .toList();
    if (busiest.size() < DAYS * RECORDED_EACH) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "%s has %d days (expected: %d or more; a larger --scale has more)",
              recorded,
              busiest.size(),
              DAYS * RECORDED_EACH));
    }
    Map<LocalDate, LocalDate> days = new HashMap<>();
    for (int i = 0; i < busiest.size(); i++) {
      LocalDate day = today.minusDays(FIRST_DAYS_AGO - i / RECORDED_EACH);
      days.put(busiest.get(i), day);
      sold.merge(day, all.get(busiest.get(i)), Long::sum);
    }
    List<Object[]> sales = new ArrayList<>();
    try (CsvReader<List<String>> rows = open(recorded)) {
      for (List<String> row = rows.next(); row != null; row = rows.next()) {
        LocalDate day = days.get(dayOf(row));
        if (day != null) {
          Object[] fields = row.toArray();
          fields[2] = day + row.get(2).substring(row.get(2).indexOf('T'));
          sales.add(fields);
        }
      }
    }
    sales.sort(Comparator.comparing(sale -> (String) sale[2]));
    try (var csv = new CsvWriter(moved, DataSet.TRANSACTIONS_HEADER)) {
      sales.forEach(csv::row);
    }
  }

  private static CsvReader<List<String>> open(Path file) {
    return CsvReader.open(file, DataSet.TRANSACTIONS_HEADER, List::copyOf);
  }

  private static LocalDate dayOf(List<String> row) {
    return LocalDate.parse(row.get(2).substring(0, row.get(2).indexOf('T')));
  }

  /** For people: which days, and how much there is of each. */
  String text() {
    return sold.entrySet().stream()
        .map(
            day ->
                String.format(
                    Locale.ROOT, "%s with %,d transactions", day.getKey(), day.getValue()))
        .collect(Collectors.joining(", "));
  }

  /**
   * Has them leave, asks over them, and has one come back, while today's traffic goes on.
   *
   * @return false if the demo is to come to its end first
   * @throws OperatorException if a command fails, or a day is not there as it was sold
   */
  boolean show(Watch watch) throws InterruptedException, SQLException {
    if (!watch.until(Watch.after(BEFORE_LEAVING))) {
      return false;
    }
    say.accept("Those days are closed; an audit finds them clean, then they leave for the archive");
    LocalDate first = sold.keySet().iterator().next();
    LocalDate end = first.plusDays(DAYS);
    List<String> asked =
        List.of(
            "query",
            "--csv",
            "--sql",
            "SELECT date_trunc('day', event_time) AS day, count(*) AS transactions,"
                + " sum(amount_minor) AS amount_minor FROM transactions WHERE event_time >= '"
                + first
                + "T00:00:00Z' AND event_time < '"
                + end
                + "T00:00:00Z' GROUP BY 1 ORDER BY 1");
    if (run(watch, List.of("audit")).isEmpty() || run(watch, List.of("archive", "run")).isEmpty()) {
      return false;
    }
    require(rows(), Map.of(), "the table has");
    say.accept("They are in no table any more. Asking over them, by SQL");
    Optional<String> answer = run(watch, asked);
    if (answer.isEmpty()) {
      return false;
    }
    require(days(answer.get()), sold, "the archive answers");
    say.accept(first + " comes back");
    if (run(watch, List.of("archive", "restore", first.toString())).isEmpty()) {
      return false;
    }
    require(rows(), Map.of(first, sold.get(first)), "the table has");
    restored = Optional.of(first);
    return true;
  }

  /** For the summary; empty where the demo came to its end before all of it was done. */
  Optional<String> outcome() {
    return restored.map(
        day ->
            String.format(
                Locale.ROOT,
                "%,d transactions of %d days left the tables; %s came back, with %,d",
                sold.values().stream().mapToLong(Long::longValue).sum(),
                DAYS,
                day,
                sold.get(day)));
  }

  private static void require(
      Map<LocalDate, Long> found, Map<LocalDate, Long> expected, String who) {
    if (!found.equals(expected)) {
      throw new OperatorException(who + " " + found + " (expected: " + expected + ")");
    }
  }

  /** What a command said; empty if the demo is to come to its end first. */
  private Optional<String> run(Watch watch, List<String> arguments)
      throws InterruptedException, SQLException {
    String name = arguments.getFirst();
    try (GuardedProcess command = children.start(environment, arguments)) {
      if (!watch.await(command)) {
        return Optional.empty();
      }
      command
          .output()
          .lines()
          .filter(line -> !line.isBlank())
          .forEach(line -> say.accept(capitalised(name) + ": " + line));
      return Optional.of(command.output());
    }
  }

  private static String capitalised(String word) {
    return word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1);
  }

  private static Map<LocalDate, Long> days(String answer) {
    Map<LocalDate, Long> days = new TreeMap<>();
    answer
        .lines()
        .map(ANSWER::matcher)
        .filter(Matcher::matches)
        .forEach(row -> days.put(LocalDate.parse(row.group(1)), Long.valueOf(row.group(2))));
    return days;
  }

  /** Those of them that the table has. */
  private Map<LocalDate, Long> rows() throws SQLException {
    Map<LocalDate, Long> rows = new TreeMap<>();
    try (Connection connection = database.connect("spendwatch-demo");
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT (event_time AT TIME ZONE 'UTC')::date, count(*) FROM spendwatch.transactions"
                    + " WHERE event_time < timestamptz '"
                    + sold.keySet().iterator().next().plusDays(DAYS)
                    + " 00:00:00Z' GROUP BY 1")) {
      while (row.next()) {
        rows.put(LocalDate.parse(row.getString(1)), row.getLong(2));
      }
    }
    return rows;
  }
}
