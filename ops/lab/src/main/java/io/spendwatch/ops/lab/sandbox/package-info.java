/**
 * Real Kafka and PostgreSQL as processes of our own, for trying Spendwatch out and for its tests.
 * Nothing here runs in a deployment.
 */
package io.spendwatch.ops.lab.sandbox;
