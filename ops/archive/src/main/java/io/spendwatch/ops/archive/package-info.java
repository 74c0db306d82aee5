/**
 * The archive: closed days in Parquet, in a directory or an S3-compatible store. {@link
 * io.spendwatch.ops.archive.Archive} is what the commands do; {@link
 * io.spendwatch.ops.archive.LiveDays} is the database, {@link
 * io.spendwatch.ops.archive.ArchiveStore} where files lie, {@link
 * io.spendwatch.ops.archive.Parquet} the engine that writes and reads them. Everything here blocks
 * and belongs to one thread. An artifact of its own: no node needs it.
 */
package io.spendwatch.ops.archive;
