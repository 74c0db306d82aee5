/** Where it is measured: servers, names, processes, and the clocks that are read there. */
package io.spendwatch.ops.lab.bench.site;
