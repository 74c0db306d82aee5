/** The simulation's ground: virtual time, chance, threads, lives, and what can go wrong. */
package io.spendwatch.streams.simulation.scheduler;
