package io.spendwatch.ops.archive.store;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.storage.archive.ArchiveConfig;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where the archive is, as the settings say.
 *
 * @param uri of a directory ({@code file}) or a bucket ({@code s3})
 * @param endpoint of a store that is compatible with S3
 */
public record ArchiveLocation(URI uri, Optional<URI> endpoint) {
  /**
   * Reads it.
   *
   * @throws OperatorException if the settings name no archive
   */
  public static ArchiveLocation of(ArchiveConfig config) {
    URI uri =
        config
            .uri()
            .orElseThrow(
                () ->
                    new OperatorException(
                        "there is no archive: SPENDWATCH_ARCHIVE_URI says where it is to be, as"
                            + " file:///var/lib/spendwatch/archive or s3://bucket/prefix"));
    return new ArchiveLocation(uri, config.endpoint());
  }

  /** The store there; whoever opens it closes it. */
  public ArchiveStore open() {
    return "s3".equals(uri.getScheme()) ? new S3Store(uri, endpoint) : new FileStore(Path.of(uri));
  }
}
