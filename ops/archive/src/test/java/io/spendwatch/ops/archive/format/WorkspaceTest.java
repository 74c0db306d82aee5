package io.spendwatch.ops.archive.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigResolveOptions;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.storage.archive.ArchiveConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class WorkspaceTest {
  @TempDir Path root;

  @Test
  void hasADirectoryThatNobodyElseHasUntilItIsClosed() {
    Path one;
    try (Workspace first = Workspace.create(config(root.resolve("work")));
        Workspace second = Workspace.create(config(root.resolve("work")))) {
      one = first.directory();
      assertThat(one).isDirectory().hasParent(root.resolve("work"));
      assertThat(second.directory()).isDirectory().isNotEqualTo(one);
    }
    assertThat(one).doesNotExist();
    assertThat(root.resolve("work")).isEmptyDirectory();
  }

  @Test
  void removesWhatADayHasLeftBeforeTheNext() {
    try (Workspace workspace = Workspace.create(config(root))) {
      long rows = workspace.withParquet(parquet -> used(workspace, parquet));
      assertThat(rows).isEqualTo(2);
      assertThat(workspace.directory()).isEmptyDirectory();
    }
  }

  @Test
  void removesThemToo_whenTheWorkFails() {
    try (Workspace workspace = Workspace.create(config(root))) {
      assertThatThrownBy(
              () ->
                  workspace.withParquet(
                      parquet -> {
                        used(workspace, parquet);
                        throw new OperatorException("as it happens");
                      }))
          .isInstanceOf(OperatorException.class)
          .hasMessage("as it happens");
      assertThat(workspace.directory()).isEmptyDirectory();
    }
  }

  @Test
  void saysWhichSettingIsWrongWhereThereCanBeNone() throws IOException {
    Path file = Files.writeString(root.resolve("file"), "");
    assertThatThrownBy(() -> Workspace.create(config(file)))
        .isInstanceOf(OperatorException.class)
        .hasMessageStartingWith("spendwatch.archive.directory: ");
  }

  private static long used(Workspace workspace, Parquet parquet) {
    try {
      Files.writeString(workspace.directory().resolve("part-1.parquet"), "a copy");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return parquet.count("SELECT * FROM range(2)");
  }

  private static ArchiveConfig config(Path directory) {
    return ArchiveConfig.from(
        ConfigFactory.parseMap(
                Map.of(
                    "spendwatch.archive.directory",
                    directory.toString(),
                    "spendwatch.archive.memory-limit",
                    "128 MiB"))
            .withFallback(ConfigFactory.parseResources("spendwatch.conf"))
            .resolve(ConfigResolveOptions.defaults().setAllowUnresolved(true)));
  }
}
