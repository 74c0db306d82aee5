package io.spendwatch.streams;

import io.spendwatch.streams.PipelinesBed.Node;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** A node in a JVM of its own, for {@code kill -9}. */
final class KilledNode implements AutoCloseable {
  private final Process process;

  private KilledNode(Process process) {
    this.process = process;
  }

  /**
   * @param settings HOCON, all of them
   */
  static KilledNode start(String settings) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "--sun-misc-unsafe-memory-access=allow",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                KilledNode.class.getName(),
                settings));
    try {
      return new KilledNode(
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(new File("target/killed-nodes.log")))
              .start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** At once, with whatever is in flight. */
  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }

  /** The node's own JVM. */
  public static void main(String[] arguments) throws InterruptedException {
    var _ = new Node(Node.config(arguments[0]), InstantSource.system());
    // Dies with its parent at the latest.
    var _ =
        ProcessHandle.current()
            .parent()
            .orElseThrow()
            .onExit()
            .thenRun(() -> Runtime.getRuntime().halt(1));
    new CountDownLatch(1).await();
  }
}
