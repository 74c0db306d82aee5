package io.spendwatch.ops.rounds;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.rounds.ArchiveWriter.Day;
import io.spendwatch.ops.rounds.ArchiveWriter.Outcome;
import io.spendwatch.ops.rounds.Round.Result;
import io.spendwatch.ops.storage.tablepartitions.PartitionMaintenance;
import io.spendwatch.streams.base.Retry;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * What the steps of one round do. Between them it keeps the days that are due, and the archive
 * open: for nobody else to write until what was copied is verified. For one thread.
 */
public final class RoundSteps implements AutoCloseable {
  /**
   * What a round is made of, whoever does it.
   *
   * @param writer opens the archive
   * @param needsAudit whether a day waits until an audit has found it clean
   * @param audit runs one, where this process does; empty: whoever does is waited for
   * @param features computes users' features that are due, asks between its parts whether it may go
   *     on, and answers whether nothing is left
   * @param newestFeatures of when the newest are
   * @param retention drops what is old; empty where everything is kept
   * @param each is told of each day that was due
   */
  public record Parts(
      Supplier<ArchiveWriter> writer,
      boolean needsAudit,
      Optional<Runnable> audit,
      Predicate<BooleanSupplier> features,
      Supplier<Optional<LocalDate>> newestFeatures,
      Optional<Supplier<CompletionStage<PartitionMaintenance.Report>>> retention,
      Consumer<Outcome> each) {}

  private final Parts parts;
  private ArchiveWriter writer;
  private List<Day> due = List.of();
  private List<Day> audited = List.of();

  public RoundSteps(Parts parts) {
    this.parts = parts;
  }

  Map<RoundStep, Round.Work> works() {
    Map<RoundStep, Round.Work> works = new EnumMap<>(RoundStep.class);
    for (RoundStep step : RoundStep.values()) {
      works.put(
          step,
          switch (step) {
            case CLOSE -> _ -> findDue();
            case AUDIT -> _ -> audit();
            case EXPORT -> this::export;
            case VERIFY -> this::verify;
            case LOAD -> this::load;
            case FEATURES -> this::features;
            case RETENTION -> _ -> retention();
          });
    }
    return works;
  }

  private Result findDue() {
    writer = parts.writer().get();
    if (!writer.begin()) {
      return new Result.Waits("for another process that is at work in the archive");
    }
    due = writer.due();
    return new Result.Done(
        due.isEmpty()
            ? "no day is due"
            : counted(due.size(), "day is", "days are") + " due, from " + due.getFirst().day());
  }

  private Result audit() {
    if (!parts.needsAudit()) {
      audited = due;
      return new Result.Done("not asked for");
    }
    audited = audited(due);
    if (audited.size() < due.size() && parts.audit().isPresent()) {
      parts.audit().get().run();
      audited = audited(due);
    }
    int unaudited = due.size() - audited.size();
    if (unaudited == 0) {
      return new Result.Done(due.isEmpty() ? "nothing to audit" : "all of them are clean");
    }
    due.stream()
        .filter(day -> !audited.contains(day))
        .forEach(day -> parts.each().accept(Outcome.waiting(day)));
    return audited.isEmpty()
        ? new Result.Waits(due.getFirst().day() + ": " + Outcome.waiting(due.getFirst()).reason())
        : new Result.Done(
            counted(unaudited, "day waits", "days wait") + " for an audit, the others are clean");
  }

  private List<Day> audited(List<Day> days) {
    return days.stream().filter(writer::isAudited).toList();
  }

  private Result export(BooleanSupplier goesOn) {
    long rows = 0;
    for (Day day : audited) {
      if (!goesOn.getAsBoolean()) {
        return new Result.Stopped();
      }
      Outcome outcome = writer.export(day, parts.needsAudit());
      parts.each().accept(outcome);
      if (outcome.result() == ArchiveWriter.Result.WAITS) {
        return new Result.Waits(outcome.day() + ": " + outcome.reason());
      }
      rows += outcome.added();
    }
    return new Result.Done(
        audited.isEmpty()
            ? "nothing to copy"
            : String.format(
                Locale.ROOT, "%s with %,d new rows", counted(audited.size(), "day", "days"), rows));
  }

  private Result verify(BooleanSupplier goesOn) {
    int verified = 0;
    List<String> wrong = new ArrayList<>();
    for (LocalDate day : writer.unverified()) {
      if (!goesOn.getAsBoolean()) {
        return new Result.Stopped();
      }
      writer.verifyFiles(day).forEach(finding -> wrong.add(day + ": " + finding));
      verified++;
    }
    writer.release();
    if (!wrong.isEmpty()) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "the archive is not what it should be: %s%s (`spendwatch archive verify`)",
              wrong.getFirst(),
              wrong.size() == 1 ? "" : ", and " + (wrong.size() - 1) + " more"));
    }
    return new Result.Done(
        verified == 0
            ? "nothing to read"
            : counted(verified, "day is", "days are") + " as written");
  }

  private Result load(BooleanSupplier goesOn) {
    if (!writer.hasWarehouse()) {
      closeWriter();
      return new Result.Done("there is no warehouse");
    }
    int loaded = 0;
    long rows = 0;
    for (LocalDate day : writer.unloaded()) {
      if (!goesOn.getAsBoolean()) {
        return new Result.Stopped();
      }
      ArchiveWriter.Load load = writer.load(day);
      rows += load.written() + load.removed();
      loaded++;
    }
    closeWriter();
    return new Result.Done(
        loaded == 0
            ? "nothing to load"
            : String.format(
                Locale.ROOT,
                "%s, which changed %,d rows of the warehouse",
                counted(loaded, "day", "days"),
                rows));
  }

  private Result features(BooleanSupplier goesOn) {
    if (!parts.features().test(goesOn)) {
      return goesOn.getAsBoolean()
          ? new Result.Waits("for users' features, which are being computed")
          : new Result.Stopped();
    }
    return new Result.Done(
        parts.newestFeatures().get().map(day -> "as of " + day).orElse("there are none yet"));
  }

  private Result retention() {
    if (parts.retention().isEmpty()) {
      return new Result.Done("everything is kept");
    }
    try {
      var report = parts.retention().get().get().toCompletableFuture().join();
      return new Result.Done(
          report.dropped() == 0
              ? "nothing was dropped"
              : counted(report.dropped(), "partition was", "partitions were") + " dropped");
    } catch (CompletionException e) {
      throw new OperatorException(Retry.reason(e), e);
    }
  }

  private static String counted(long count, String one, String many) {
    return String.format(Locale.ROOT, "%,d %s", count, count == 1 ? one : many);
  }

  private void closeWriter() {
    if (writer != null) {
      ArchiveWriter closed = writer;
      writer = null;
      closed.close();
    }
  }

  @Override
  public void close() {
    closeWriter();
  }
}
