/**
 * Real servers and node processes fail in every known way, under a load with known answers: the
 * faults, the installation that they are inflicted on, and the drills.
 */
package io.spendwatch.ops.faults;
