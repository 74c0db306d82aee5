/**
 * What it costs: measured with the parts that a node is made of, against real servers. One class a
 * benchmark, with what they report ({@link io.spendwatch.ops.lab.bench.Figure}).
 */
package io.spendwatch.ops.lab.bench;
