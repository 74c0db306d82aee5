package io.spendwatch.ops.archive.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigResolveOptions;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.storage.archive.ArchiveConfig;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArchiveLocationTest {
  @TempDir Path root;

  @Test
  void isADirectoryOrABucketByTheSchemeOfItsAddress() {
    try (ArchiveStore directory = new ArchiveLocation(root.toUri(), Optional.empty()).open();
        ArchiveStore bucket =
            new ArchiveLocation(
                    URI.create("s3://bucket/prefix"), Optional.of(URI.create("http://127.0.0.1:9")))
                .open()) {
      assertThat(directory).isInstanceOf(FileStore.class);
      assertThat(directory.address()).isEqualTo(root.toUri().toString());
      assertThat(bucket).isInstanceOf(S3Store.class);
    }
  }

  @Test
  void saysHowToNameAnArchiveWhereTheSettingsNameNone() {
    Config settings =
        ConfigFactory.parseMap(Map.of())
            .withFallback(ConfigFactory.parseResources("spendwatch.conf"))
            .resolve(ConfigResolveOptions.defaults().setAllowUnresolved(true));
    assertThatThrownBy(() -> ArchiveLocation.of(ArchiveConfig.from(settings)))
        .isInstanceOf(OperatorException.class)
        .hasMessageContaining("SPENDWATCH_ARCHIVE_URI");
  }
}
