/** One contender's turn: from its start, warmed up, to what it has done. */
package io.spendwatch.ops.lab.bench.turns;
