/**
 * What a node is measured against: the least that does the job, and what one would take instead.
 */
package io.spendwatch.ops.lab.bench.rivals;
