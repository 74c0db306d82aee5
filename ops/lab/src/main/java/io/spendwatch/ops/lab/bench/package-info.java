/** What it costs: measured with the parts that a node is made of, against real servers. */
package io.spendwatch.ops.lab.bench;
