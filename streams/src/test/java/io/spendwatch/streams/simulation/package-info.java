/**
 * A world of its own for the pipelines: machines, load, PostgreSQL and what must have come of it,
 * decided by a seed. What runs in it are the production classes.
 */
package io.spendwatch.streams.simulation;
