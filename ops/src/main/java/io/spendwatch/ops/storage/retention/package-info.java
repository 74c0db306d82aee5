/** What is older than it is to be kept goes, beside whoever reads and writes. */
package io.spendwatch.ops.storage.retention;
