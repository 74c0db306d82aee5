package io.spendwatch.ops.lab.bench.turns;

import com.typesafe.config.Config;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.lab.bench.site.Installation;
import io.spendwatch.ops.lab.bench.site.Site;
import io.spendwatch.ops.lab.sandbox.EmbeddedServers;
import io.spendwatch.ops.lab.sandbox.start.DataDirectory;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;

/**
 * What benchmarks run on: clean servers of their own, which are gone with their data at the end, or
 * those that the settings name. For one thread.
 */
public final class Bench implements AutoCloseable {
  private final Path home;
  private final Configuration configuration;
  private final boolean onConfiguredServers;
  private final Instant now;
  private final PrintWriter progress;
  private final DataDirectory directory = DataDirectory.temporary();
  private final Map<String, String> servers = new TreeMap<>();
  private int sites;

  /**
   * @param home the project's root
   * @param onConfiguredServers else where servers are, is not read from the configuration
   * @param now for everything that happens on an installation
   * @param progress for people
   */
  public Bench(
      Path home,
      Configuration configuration,
      boolean onConfiguredServers,
      Instant now,
      PrintWriter progress) {
    this.home = home;
    this.configuration = configuration;
    this.onConfiguredServers = onConfiguredServers;
    this.now = now;
    this.progress = progress;
  }

  /** Where to measure; to be closed by whoever asks, before the next one is asked for. */
  public Site site() {
    Site site = onConfiguredServers ? configuredSite() : embeddedSite();
    servers.putAll(site.versions());
    return site;
  }

  private Site configuredSite() {
    String run = Long.toString(now.getEpochSecond(), Character.MAX_RADIX);
    return Site.of(configuration, run, progress);
  }

  private Site embeddedSite() {
    DataDirectory own = DataDirectory.take(directory.root().resolve("servers-" + ++sites));
    return Site.of(
        EmbeddedServers.start(own, 0, 0),
        own,
        configuration.streams().kafka().partitioner(),
        progress);
  }

  /** Versions of the servers that were measured on, and settings of theirs that matter. */
  public Map<String, String> servers() {
    return Map.copyOf(servers);
  }

  /** The parts of a node that decide, with a namespace of their own; closed by whoever asks. */
  public Installation installation(Site site, String name) {
    return Installation.open(site.create(name, now), settings(), now);
  }

  public Instant now() {
    return now;
  }

  Path home() {
    return home;
  }

  /** For files of the processes that a benchmark starts. */
  public Path root() {
    return directory.root();
  }

  public Config settings() {
    return configuration.raw();
  }

  /** Says what is going on. */
  public void say(String what) {
    progress.println(what);
    progress.flush();
  }

  @Override
  public void close() {
    directory.close();
  }
}
