package io.spendwatch.streams;

import java.util.OptionalLong;

/**
 * Where a life of a partition's pipeline begins.
 *
 * @param offset of the first record to read
 * @param publishedAlertSeq place of the last published alert, as the committed offset tells; empty
 *     where it does not
 * @param suspects records to be taken with care, after what earlier lives met with
 */
record PartitionStart(long offset, OptionalLong publishedAlertSeq, Suspects suspects) {}
