package io.spendwatch.ops.archive.days;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.archive.format.ArchiveTable;
import io.spendwatch.ops.archive.format.ArchivedDay;
import io.spendwatch.ops.archive.format.FileWriter;
import io.spendwatch.ops.archive.format.Manifest;
import io.spendwatch.ops.archive.format.Parquet;
import io.spendwatch.ops.archive.format.RowTotals;
import io.spendwatch.ops.archive.format.Totals;
import io.spendwatch.ops.archive.store.ArchiveStore;
import java.nio.file.Path;
import java.time.InstantSource;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Takes one user out of archived days: each file that has the user is written anew, with another id
 * in place of the user's, without the name of the account and the user's dead letters.
 *
 * <pre>
 *   find    the files of the day that have the user
 *   write   each of them anew, under a name that nobody else has
 *   compare what is read back with what the rows of the former file come to, changed here one by one
 *   put     the manifest, if it is still the one that was seen: now the day is without the user
 *   remove  the former files
 * </pre>
 *
 * Who dies between two of them leaves files that no manifest names, to be removed by whoever goes
 * on. For one thread.
 */
public final class UserRewriter {
  private static final int TRIES = 3;

  private final ArchiveStore store;
  private final Parquet parquet;
  private final Path directory;
  private final FileWriter files;
  private final InstantSource clock;
  private final String userId;
  private final byte[] key;
  private final byte[] quoted;

  /**
   * @param directory for files while it works
   */
  public UserRewriter(
      ArchiveStore store, Parquet parquet, Path directory, InstantSource clock, String userId) {
    this.store = store;
    this.parquet = parquet;
    this.directory = directory;
    this.files = new FileWriter(store, parquet, directory);
    this.clock = clock;
    this.userId = userId;
    this.key = userId.getBytes(UTF_8);
    this.quoted = Json.write(userId).getBytes(UTF_8);
  }

  /** How many rows of all tables of the day have the user. */
  public long count(ArchivedDay day) {
    long rows = 0;
    for (ArchiveTable table : ArchiveTable.values()) {
      for (Manifest.File file : day.manifest().table(table).files()) {
        rows += count(table, day.requiredFile(file, directory));
      }
    }
    return rows;
  }

  private long count(ArchiveTable table, Path file) {
    return table == ArchiveTable.DEAD_LETTERS
        ? letters(file).size()
        : parquet.count(
            "SELECT 1 FROM "
                + Parquet.files(List.of(file))
                + " WHERE user_id = "
                + Parquet.literal(userId));
  }

  /**
   * What has become of a day.
   *
   * @param manifest as it is now
   * @param rows that had the user
   */
  public record Rewritten(Manifest manifest, long rows) {}

  /** Writes the day anew, where it has the user. */
  public Rewritten rewrite(LocalDate day, String pseudonym) {
    for (int attempt = 1; attempt <= TRIES; attempt++) {
      ArchivedDay known =
          ArchivedDay.find(store, day)
              .orElseThrow(
                  () ->
                      new OperatorException(
                          "the archive at " + store.address() + " has no " + Manifest.name(day)));
      Optional<Rewritten> rewritten = rewrite(known, pseudonym);
      if (rewritten.isPresent()) {
        return rewritten.get();
      }
    }
    throw new OperatorException(
        "somebody else writes to the archive at "
            + store.address()
            + ": "
            + Manifest.name(day)
            + " was replaced each time");
  }

  /** Empty: somebody else has put another manifest meanwhile. */
  private Optional<Rewritten> rewrite(ArchivedDay known, String pseudonym) {
    Manifest before = known.manifest();
    Map<String, Manifest.Table> tables = new LinkedHashMap<>(before.tables());
    List<String> former = new ArrayList<>();
    long rows = 0;
    for (ArchiveTable table : ArchiveTable.values()) {
      Totals totals = Totals.none(table);
      List<Manifest.File> kept = new ArrayList<>();
      long found = 0;
      for (Manifest.File file : before.table(table).files()) {
        Path fetched = known.requiredFile(file, directory);
        long ofUser = count(table, fetched);
        if (ofUser == 0) {
          kept.add(file);
          totals = totals.plus(file.totals());
          continue;
        }
        found += ofUser;
        former.add(file.name());
        if (table != ArchiveTable.DEAD_LETTERS || ofUser < file.totals().rows()) {
          Manifest.File anew = anew(table, before.day(), fetched, pseudonym);
          kept.add(anew);
          totals = totals.plus(anew.totals());
        }
      }
      if (found > 0) {
        tables.put(table.word(), new Manifest.Table(totals, kept));
        rows += found;
      }
    }
    if (rows == 0) {
      return Optional.of(new Rewritten(before, 0));
    }
    Manifest manifest =
        new Manifest(
            Manifest.SCHEMA_VERSION,
            before.day(),
            before.revision() + 1,
            clock.instant(),
            before.auditRun(),
            tables);
    if (!store.putIf(Manifest.name(before.day()), manifest.json(), Optional.of(known.version()))) {
      return Optional.empty();
    }
    former.forEach(store::delete);
    return Optional.of(new Rewritten(manifest, rows));
  }

  private Manifest.File anew(ArchiveTable table, LocalDate day, Path file, String pseudonym) {
    String rows = Parquet.archived(table, List.of(file));
    List<Letter> letters = table == ArchiveTable.DEAD_LETTERS ? letters(file) : List.<Letter>of();
    Manifest.File written = files.put(table, day, query(table, rows, letters, pseudonym));
    if (!written.totals().equals(expected(table, rows, pseudonym))) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "what was read back from the archive is not what the %s of %s were, but for the user:"
                  + " the day stays as it was",
              table.word(),
              day));
    }
    return written;
  }

  private String query(ArchiveTable table, String rows, List<Letter> letters, String pseudonym) {
    String isUser = "user_id = " + Parquet.literal(userId);
    String renamed =
        "CASE WHEN " + isUser + " THEN " + Parquet.literal(pseudonym) + " ELSE user_id END";
    return switch (table) {
      case TRANSACTIONS, ALERTS, ACCOUNT_VERSIONS, FEATURES ->
          "SELECT * REPLACE (" + renamed + " AS user_id) FROM (" + rows + ") AS f";
      case ACCOUNTS ->
          "SELECT * REPLACE ("
              + renamed
              + " AS user_id, CASE WHEN "
              + isUser
              + " THEN NULL ELSE username END AS username) FROM ("
              + rows
              + ") AS f";
      case DEAD_LETTERS ->
          "SELECT * FROM ("
              + rows
              + ") AS f WHERE (topic, kafka_partition, kafka_offset) NOT IN ("
              + letters.stream().map(Letter::literal).collect(Collectors.joining(", "))
              + ")";
    };
  }

  /** What the rows come to once they are changed: here, and not by the engine. */
  private Totals expected(ArchiveTable table, String rows, String pseudonym) {
    var totals = new RowTotals(table);
    int user = table.indexOf("user_id");
    int name = table.indexOf("username");
    parquet.read(
        table,
        rows,
        row -> {
          if (table == ArchiveTable.DEAD_LETTERS) {
            if (!isOfUser(row)) {
              totals.add(row);
            }
            return;
          }
          if (userId.equals(row[user])) {
            row[user] = pseudonym;
            if (name >= 0) {
              row[name] = null;
            }
          }
          totals.add(row);
        });
    return totals.totals();
  }

  /** A dead letter, by its place. */
  private record Letter(String topic, long partition, long offset) {
    String literal() {
      return String.format(Locale.ROOT, "(%s, %d, %d)", Parquet.literal(topic), partition, offset);
    }
  }

  /** The dead letters of the user: they are few, and no text. */
  private List<Letter> letters(Path file) {
    List<Letter> letters = new ArrayList<>();
    parquet.read(
        ArchiveTable.DEAD_LETTERS,
        Parquet.archived(ArchiveTable.DEAD_LETTERS, List.of(file)),
        row -> {
          if (isOfUser(row)) {
            letters.add(new Letter((String) row[0], (Long) row[1], (Long) row[2]));
          }
        });
    return letters;
  }

  /** By its key, or by what it says, whatever is wrong with it. */
  private boolean isOfUser(Object[] letter) {
    byte[] itsKey = (byte[]) letter[ArchiveTable.DEAD_LETTERS.indexOf("key")];
    byte[] value = (byte[]) letter[ArchiveTable.DEAD_LETTERS.indexOf("value")];
    return Arrays.equals(itsKey, key) || (value != null && contains(value, quoted));
  }

  private static boolean contains(byte[] bytes, byte[] part) {
    for (int from = 0; from + part.length <= bytes.length; from++) {
      if (Arrays.equals(bytes, from, from + part.length, part, 0, part.length)) {
        return true;
      }
    }
    return false;
  }
}
