/**
 * Days on their way: out of the tables, back into them, to a warehouse, and without somebody who is
 * erased.
 */
package io.spendwatch.ops.archive.days;
