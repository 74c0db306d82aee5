package io.spendwatch.ops.faults;

import io.spendwatch.ops.faults.processes.NodeProcess;
import io.spendwatch.ops.faults.processes.NodeProcess.View;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.extension.DynamicTestInvocationContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/**
 * When a test fails, writes how everything is to a file under {@code target/faults}, which the
 * failure then names: offsets, lag, assignments, the table {@code pipelines}, each node's status
 * and threads, and the last lines of all logs. Of each node the failure itself says the least that
 * one wants to know, as a build's output may be all that is left of it.
 */
final class FaultDump implements TestExecutionExceptionHandler, InvocationInterceptor {
  private static final int LOG_LINES = 200;
  private static final int LOG_LINES_TOLD = 8;
  private static final int TOLD_MAX = 240;
  private static final long SECTION_SECONDS = 15;
  private static final Path DIRECTORY = Path.of("target", "faults");

  private final Supplier<FaultBed> beds;

  /**
   * @param beds the bed of the test that failed; null where it has not come so far
   */
  FaultDump(Supplier<FaultBed> beds) {
    this.beds = beds;
  }

  @Override
  public void interceptDynamicTest(
      Invocation<Void> invocation,
      DynamicTestInvocationContext invocationContext,
      ExtensionContext context)
      throws Throwable {
    try {
      invocation.proceed();
    } catch (Throwable failure) {
      handleTestExecutionException(context, failure);
    }
  }

  @Override
  public void handleTestExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    // Set where the test's time was over; it would end what follows here too.
    boolean _ = Thread.interrupted();
    FaultBed bed = beds.get();
    if (bed == null || failure instanceof org.opentest4j.TestAbortedException) {
      throw failure;
    }
    String name = context.getDisplayName().replaceAll("[^A-Za-z0-9-]+", "-");
    // A dynamic test has none; its factory has.
    String ofClass =
        context
            .getTestClass()
            .or(() -> context.getParent().flatMap(ExtensionContext::getTestClass))
            .map(Class::getSimpleName)
            .orElse("Faults");
    Path file = DIRECTORY.resolve(ofClass + "-" + name + ".txt");
    write(file, bed, failure);
    throw new AssertionError(
        failure.getMessage() + inBrief(bed) + "\nHow everything was: " + file.toAbsolutePath(),
        failure);
  }

  private static String inBrief(FaultBed bed) {
    StringWriter text = new StringWriter();
    PrintWriter out = new PrintWriter(text);
    out.println();
    bed.endings().forEach(out::println);
    for (NodeProcess node : bed.nodes()) {
      section(
          out,
          node.name(),
          () -> {
            Optional<View> view = node.view();
            return "%s, waits for %s, has %d partitions, knows %d members that are up%n%s"
                .formatted(
                    node.isAlive() ? "is alive" : "has ended",
                    view.map(View::waitingFor).map(Object::toString).orElse("(no answer)"),
                    view.map(View::partitions).orElse(0),
                    view.map(View::membersUp).orElse(0),
                    tail(node.log(), LOG_LINES_TOLD)
                        .lines()
                        .map(line -> line.substring(0, Math.min(line.length(), TOLD_MAX)))
                        .collect(Collectors.joining("\n")));
          });
    }
    return text.toString();
  }

  private static void write(Path file, FaultBed bed, Throwable failure) throws IOException {
    StringWriter text = new StringWriter();
    PrintWriter out = new PrintWriter(text);
    section(out, "failure", failure::toString);
    section(out, "committed and end offsets, lag", () -> offsets(bed));
    section(out, "group", () -> group(bed));
    section(out, "transactions of Kafka", () -> transactions(bed));
    section(out, "pipelines", () -> pipelines(bed));
    for (NodeProcess node : bed.nodes()) {
      section(
          out,
          "status of " + node.name(),
          () -> node.status().map(Object::toString).orElse("no answer"));
      section(out, "log of " + node.name(), () -> tail(node.log()));
    }
    section(out, "log of Kafka", () -> tail(bed.kafka().server().log()));
    section(out, "log of PostgreSQL", () -> tail(bed.postgres().server().log()));
    for (NodeProcess node : bed.nodes()) {
      section(
          out,
          "threads of " + node.name(),
          () -> node.root().map(root -> Footprint.jcmd(root.pid(), "Thread.print")).orElse("none"));
    }
    Files.createDirectories(DIRECTORY);
    Files.writeString(file, text.toString());
  }

  /** Each by itself, for a bounded time: what is asked may be what has failed. */
  private static void section(PrintWriter out, String title, Callable<String> content) {
    out.println("==== " + title);
    try {
      out.println(
          CompletableFuture.supplyAsync(
                  () -> {
                    try {
                      return content.call();
                    } catch (Exception e) {
                      return "not to be had: " + e;
                    }
                  },
                  Thread::startVirtualThread)
              .completeOnTimeout("no answer", SECTION_SECONDS, TimeUnit.SECONDS)
              .join());
    } finally {
      out.println();
    }
  }

  private static String offsets(FaultBed bed) throws Exception {
    try (Admin admin = admin(bed)) {
      Map<String, String> lines = new TreeMap<>();
      var committed =
          admin.listConsumerGroupOffsets(bed.bed().group()).partitionsToOffsetAndMetadata().get();
      Map<TopicPartition, OffsetSpec> asked =
          committed.keySet().stream()
              .collect(Collectors.toMap(source -> source, _ -> OffsetSpec.latest()));
      admin
          .listOffsets(asked)
          .all()
          .get()
          .forEach(
              (source, end) ->
                  lines.put(
                      source.toString(),
                      "%s: committed %s, end %d, lag %d"
                          .formatted(
                              source,
                              committed.get(source),
                              end.offset(),
                              end.offset() - committed.get(source).offset())));
      return String.join("\n", lines.values());
    }
  }

  private static String group(FaultBed bed) throws Exception {
    try (Admin admin = admin(bed)) {
      var group =
          admin
              .describeConsumerGroups(List.of(bed.bed().group()))
              .all()
              .get()
              .get(bed.bed().group());
      return group.groupState()
          + "\n"
          + group.members().stream().map(Object::toString).collect(Collectors.joining("\n"));
    }
  }

  private static String transactions(FaultBed bed) throws Exception {
    try (Admin admin = admin(bed)) {
      List<String> ids = bed.nodes().stream().map(bed::transactionalId).toList();
      return admin.describeTransactions(ids).all().get().entrySet().stream()
          .map(Object::toString)
          .collect(Collectors.joining("\n"));
    }
  }

  private static Admin admin(FaultBed bed) {
    return Admin.create(
        Map.of(
            "bootstrap.servers", bed.bed().bootstrapServers(),
            "request.timeout.ms", 3_000,
            "default.api.timeout.ms", 5_000));
  }

  private static String pipelines(FaultBed bed) {
    return String.join(
        "\n",
        bed.bed()
            .column(
                "SELECT pipeline::text FROM spendwatch.pipelines pipeline ORDER BY"
                    + " kafka_partition"));
  }

  private static String tail(Path log) throws IOException {
    return tail(log, LOG_LINES);
  }

  private static String tail(Path log, int count) throws IOException {
    List<String> lines = Files.readAllLines(log, StandardCharsets.UTF_8);
    return String.join("\n", lines.subList(Math.max(0, lines.size() - count), lines.size()));
  }
}
