/** Servers and nodes as processes that can be killed, frozen, or have a disk that is full. */
package io.spendwatch.ops.faults.processes;
