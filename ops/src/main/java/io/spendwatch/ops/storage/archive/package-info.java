/**
 * What a node knows of the archive: its settings, and how far the database says that it is. What
 * writes and reads it is an artifact of its own, {@code ops/archive}.
 */
package io.spendwatch.ops.storage.archive;
