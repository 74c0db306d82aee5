package io.spendwatch.ops.archive;

import io.spendwatch.ops.erasure.ErasableArchive;
import io.spendwatch.ops.storage.archive.ArchiveConfig;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.streams.base.Timekeeper;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/** The archive, as somebody is erased there. */
public final class ArchiveEraser implements ErasableArchive {
  private final Archive archive;

  ArchiveEraser(Archive archive) {
    this.archive = archive;
  }

  /** Opens the one of the settings. */
  public static final class Opener implements Provider {
    @Override
    public ErasableArchive open(ArchiveConfig config, PostgresAddress database) {
      return new ArchiveEraser(
          Archive.open(
              config, database, Optional.empty(), Timekeeper.real(InstantSource.system())));
    }
  }

  @Override
  public void lock() {
    archive.lock();
    archive.requireOwnUri();
  }

  @Override
  public List<DayRows> count(String userId) {
    return archive.count(userId);
  }

  @Override
  public List<DayRows> erase(String userId, String pseudonym) {
    return archive.erase(userId, pseudonym);
  }

  @Override
  public void close() {
    archive.close();
  }
}
