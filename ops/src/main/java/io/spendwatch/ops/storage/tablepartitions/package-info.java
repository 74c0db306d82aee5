/**
 * What keeps the partitions of table {@code transactions}: some ahead, old days merged into months,
 * none beyond the retention.
 */
package io.spendwatch.ops.storage.tablepartitions;
