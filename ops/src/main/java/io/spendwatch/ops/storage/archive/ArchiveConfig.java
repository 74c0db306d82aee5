package io.spendwatch.ops.storage.archive;

import com.typesafe.config.Config;
import io.spendwatch.streams.base.ConfigSection;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Where closed days are copied to, and how: {@code spendwatch.archive}.
 *
 * @param uri {@code file:///…} or {@code s3://bucket/prefix}; empty for no archive
 * @param endpoint of an S3-compatible store; empty for that of AWS
 * @param settled how far stream time must be past the end of a day
 * @param keepRestored how long retention leaves a restored day alone
 * @param memoryLimitBytes of the engine that writes and reads Parquet
 * @param queryBytesMax how large the files may be that one query reads
 * @param queryTimeout after which it is ended
 * @param directory for files while it works; empty for the system's
 * @param role whose privileges it works with in the database; empty for those of the user
 * @param warehouse what days are loaded into; empty for none
 * @param rounds what a node does of it by itself
 */
public record ArchiveConfig(
    Optional<URI> uri,
    Optional<URI> endpoint,
    Duration settled,
    Duration keepRestored,
    int memoryLimitBytes,
    int queryBytesMax,
    Duration queryTimeout,
    Optional<Path> directory,
    String role,
    Optional<ArchiveWarehouseConfig> warehouse,
    RoundsConfig rounds) {
  private static final String PATH = "spendwatch.archive";
  private static final int MEMORY_MIN = 64 << 20;

  /** Within 24 h of a user's latest transaction another one may still change what is current. */
  private static final Duration SETTLED_MIN = Duration.ofHours(24);

  public ArchiveConfig {
    uri.ifPresent(
        where ->
            ConfigSection.check(
                isFile(where) || isBucket(where),
                PATH + ".uri",
                where,
                "file:///DIRECTORY or s3://BUCKET/PREFIX, without user, query and fragment"));
    endpoint.ifPresent(
        where ->
            ConfigSection.check(
                where.getHost() != null
                    && ("http".equals(where.getScheme()) || "https".equals(where.getScheme())),
                PATH + ".endpoint",
                where,
                "http:// or https:// with a host"));
    ConfigSection.check(
        settled.compareTo(SETTLED_MIN) >= 0, PATH + ".settled", settled, "at least " + SETTLED_MIN);
    ConfigSection.checkPositive(PATH + ".keep-restored", keepRestored);
    ConfigSection.checkRange(
        PATH + ".memory-limit", memoryLimitBytes, MEMORY_MIN, Integer.MAX_VALUE);
    ConfigSection.checkRange(PATH + ".query-bytes-max", queryBytesMax, 1, Integer.MAX_VALUE);
    ConfigSection.checkPositive(PATH + ".query-timeout", queryTimeout);
    ConfigSection.check(
        role.matches("[A-Za-z_][A-Za-z0-9_]{0,62}|"), PATH + ".role", role, "the name of a role");
    rounds
        .every()
        .ifPresent(
            every ->
                ConfigSection.check(
                    uri.isPresent(),
                    PATH + ".rounds.every",
                    every,
                    "off without an archive: SPENDWATCH_ARCHIVE_URI says where it is"));
  }

  private static boolean isFile(URI uri) {
    return "file".equals(uri.getScheme())
        && (uri.getAuthority() == null || uri.getAuthority().isEmpty())
        && uri.getPath() != null
        && uri.getPath().length() > 1
        && isPlain(uri);
  }

  private static boolean isBucket(URI uri) {
    return "s3".equals(uri.getScheme())
        && uri.getAuthority() != null
        && uri.getAuthority().matches("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
        && isPlain(uri);
  }

  private static boolean isPlain(URI uri) {
    return uri.getRawQuery() == null && uri.getRawFragment() == null;
  }

  /** Reads {@code spendwatch.archive}. */
  public static ArchiveConfig from(Config root) {
    ConfigSection section = ConfigSection.of(root, PATH);
    var config =
        new ArchiveConfig(
            uri(section, "uri"),
            uri(section, "endpoint"),
            section.duration("settled"),
            section.duration("keep-restored"),
            section.bytes("memory-limit"),
            section.bytes("query-bytes-max"),
            section.duration("query-timeout"),
            Optional.of(section.string("directory"))
                .filter(directory -> !directory.isBlank())
                .map(Path::of),
            section.string("role"),
            ArchiveWarehouseConfig.from(section.section("warehouse")),
            RoundsConfig.from(section.section("rounds")));
    section.rejectUnknown();
    return config;
  }

  private static Optional<URI> uri(ConfigSection section, String key) {
    String text = section.string(key);
    if (text.isBlank()) {
      return Optional.empty();
    }
    try {
      return Optional.of(new URI(text));
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(
          section.path() + "." + key + ": this is no URI: " + e.getReason(), e);
    }
  }
}
