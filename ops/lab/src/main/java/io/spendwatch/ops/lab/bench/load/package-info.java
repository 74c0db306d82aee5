/** Who sends records and asks questions at a steady rate. */
package io.spendwatch.ops.lab.bench.load;
