/** The load that runs meanwhile, with known answers, and how long partitions stand still. */
package io.spendwatch.ops.faults.load;
