/**
 * What keeps the partitions of table {@code transactions}: some ahead, none beyond the retention.
 */
package io.spendwatch.ops.partitions;
