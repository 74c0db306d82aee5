/**
 * One statement that reads, whoever has written it: in a transaction that cannot write, through a
 * cursor, within bounds of time, rows and bytes.
 */
package io.spendwatch.ops.analysis.reading;
