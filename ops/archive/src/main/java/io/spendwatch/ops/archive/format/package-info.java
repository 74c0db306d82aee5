/**
 * What a day is in the archive: its tables and their columns, Parquet, totals, and the manifest
 * that names the files.
 */
package io.spendwatch.ops.archive.format;
