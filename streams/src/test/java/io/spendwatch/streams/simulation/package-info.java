/**
 * A world of its own for the pipelines: time, chance, threads, Kafka, PostgreSQL and all that can
 * go wrong with them, decided by a seed. What runs in it are the production classes.
 */
package io.spendwatch.streams.simulation;
