package io.spendwatch.ops.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The plain manifests, for {@code kubectl apply -k}. */
class KubernetesManifestsTest extends ManifestsContract {
  private static final Path DIRECTORY = Path.of("deploy", "kubernetes");

  @Override
  List<JsonNode> objects() {
    try (Stream<Path> files = Files.list(DIRECTORY)) {
      return files.flatMap(file -> parse(read(file)).stream()).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  String podSelector() {
    return config.getString("pekko.discovery.kubernetes-api.pod-label-selector");
  }

  @Test
  void theKustomizationListsEveryManifest() throws IOException {
    try (Stream<Path> files = Files.list(DIRECTORY)) {
      assertThat(texts(one("Kustomization").path("resources")))
          .containsExactlyInAnyOrderElementsOf(
              files
                  .map(file -> file.getFileName().toString())
                  .filter(name -> !name.equals("kustomization.yaml"))
                  .toList());
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
