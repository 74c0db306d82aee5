/**
 * The archive: closed days in Parquet, in a directory or an S3-compatible store. {@link
 * io.spendwatch.ops.archive.Archive} is one that is opened: what commands and rounds ask; {@code
 * days} is what is done with a day between tables, archive and warehouse, a class for each, {@code
 * format} what it is there, {@code store} where files lie. Everything here blocks and belongs to
 * one thread. An artifact of its own: no node needs it.
 */
package io.spendwatch.ops.archive;
