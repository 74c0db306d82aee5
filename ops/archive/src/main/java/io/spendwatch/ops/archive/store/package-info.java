/** Where the files of an archive lie: a directory, or a bucket. */
package io.spendwatch.ops.archive.store;
