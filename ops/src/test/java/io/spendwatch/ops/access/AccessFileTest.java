package io.spendwatch.ops.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AccessFileTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final String TOKEN = "Xk7-a-token-of-somebody";

  private final AtomicReference<Instant> now = new AtomicReference<>(Instant.EPOCH);
  private final InstantSource clock = now::get;
  @TempDir private Path directory;
  private long writes;

  @Test
  void knowsWhoseTokenItIs() throws IOException {
    Path file =
        write(
            "# people\n\n  "
                + AccessFile.line("anna@example.org", Role.ANALYST, TOKEN)
                + "  \r\n"
                + AccessFile.line("grafana", Role.VIEWER, "another")
                    .toUpperCase(Locale.ROOT)
                    .replace("GRAFANA VIEWER", "grafana viewer")
                + "\n");
    AccessFile access = AccessFile.read("here", file.toString(), clock);
    assertThat(access.of(TOKEN)).hasValue(new Caller("anna@example.org", Role.ANALYST));
    assertThat(access.of("another")).hasValue(new Caller("grafana", Role.VIEWER));
    assertThat(access.of(TOKEN + " ")).isEmpty();
    assertThat(access.of("")).isEmpty();
    // Who has read the file has no token.
    assertThat(access.of(AccessFile.hash(TOKEN))).isEmpty();
  }

  /** As `printf %s abc | sha256sum` has it. */
  @Test
  void hashesAsEverybodyDoes() {
    assertThat(AccessFile.hash("abc"))
        .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  }

  @Test
  void aTokenIsGivenAndTakenWhileTheNodeRuns() throws IOException {
    Path file = write(AccessFile.line("anna", Role.VIEWER, TOKEN));
    AccessFile access = AccessFile.read("here", file.toString(), clock);
    write(AccessFile.line("bert", Role.OPERATOR, "his"));
    assertThat(access.of(TOKEN)).as("before it is looked at").isPresent();
    await()
        .atMost(PATIENCE)
        .until(() -> passing(Duration.ofSeconds(5), () -> access.of(TOKEN).isEmpty()));
    assertThat(access.of("his")).hasValue(new Caller("bert", Role.OPERATOR));
  }

  /** Who has just been let in does not wait for the next look. */
  @Test
  void anUnknownTokenHasTheFileLookedAtSooner() throws IOException {
    Path file = write("");
    AccessFile access = AccessFile.read("here", file.toString(), clock);
    write(AccessFile.line("anna", Role.VIEWER, TOKEN));
    now.set(now.get().plusSeconds(1));
    await().atMost(PATIENCE).until(() -> access.of(TOKEN).isPresent());
    assertThat(now.get()).isEqualTo(Instant.EPOCH.plusSeconds(1));
  }

  @Test
  void aFileThatIsNoGoodLeavesThoseOfBefore() throws IOException {
    Path file = write(AccessFile.line("anna", Role.VIEWER, TOKEN));
    AccessFile access = AccessFile.read("here", file.toString(), clock);
    write("anna viewer " + TOKEN);
    now.set(now.get().plusSeconds(60));
    assertThat(access.of(TOKEN)).isPresent();
    write(AccessFile.line("bert", Role.VIEWER, "his"));
    await()
        .atMost(PATIENCE)
        .until(() -> passing(Duration.ofSeconds(5), () -> access.of("his").isPresent()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "anna viewer " + TOKEN,
        TOKEN,
        "anna admin ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "anna Viewer ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "anna ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "anna viewer ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad " + TOKEN
      })
  void aLineThatIsNoneIsNamedAndNotRepeated(String line) throws IOException {
    Path file = write("# first\n" + line + "\n");
    assertThatThrownBy(() -> AccessFile.read("the.setting", file.toString(), clock))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(
            "the.setting", file.toString(), "line 2", "viewer|analyst|operator")
        .hasMessageNotContaining(TOKEN);
  }

  @Test
  void aFileThatIsNotThereIsNamed() {
    assertThatThrownBy(() -> AccessFile.read("the.setting", "/nowhere/access", clock))
        .hasMessage("the.setting: /nowhere/access is not there");
  }

  private boolean passing(Duration time, BooleanSupplier condition) {
    now.set(now.get().plus(time));
    return condition.getAsBoolean();
  }

  /** Each time with another time of writing, however coarse the file system's are. */
  private Path write(String text) throws IOException {
    Path file = Files.writeString(directory.resolve("access"), text);
    Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000 * ++writes));
    return file;
  }
}
