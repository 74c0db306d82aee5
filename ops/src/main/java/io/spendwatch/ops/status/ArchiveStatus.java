package io.spendwatch.ops.status;

import java.time.Instant;

/**
 * How far the archive is, as the database has it noted.
 *
 * @param uri where it is
 * @param days that it has
 * @param lastDay the latest of them, as {@code 2026-03-10} (UTC); null for none
 * @param lastArchivedAt when a day was last put or added to; null for never
 */
public record ArchiveStatus(String uri, long days, String lastDay, Instant lastArchivedAt) {}
