package io.spendwatch.ops.node;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.config.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What writes the archive is not on the class path here, as in an image. */
class ArchiveRoundsTest {
  @AfterEach
  void forget() {
    System.clearProperty("spendwatch.archive.uri");
    System.clearProperty("spendwatch.archive.rounds.every");
    ConfigFactory.invalidateCaches();
  }

  @Test
  void aNodeWithoutWhatWritesTheArchiveSaysSoInsteadOfStarting() {
    System.setProperty("spendwatch.archive.uri", "file:///var/lib/archive");
    System.setProperty("spendwatch.archive.rounds.every", "1h");
    Configuration configuration = Configuration.load();
    assertThatThrownBy(() -> ArchiveRounds.check(configuration))
        .isInstanceOf(OperatorException.class)
        .hasMessageContaining("not on this node's class path")
        .hasMessageContaining("archive run")
        .hasMessageNotContaining("\n");
  }

  @Test
  void whereThereAreNoneNothingIsNeeded() {
    System.setProperty("spendwatch.archive.uri", "file:///var/lib/archive");
    Configuration configuration = Configuration.load();
    assertThatCode(() -> ArchiveRounds.check(configuration)).doesNotThrowAnyException();
  }
}
