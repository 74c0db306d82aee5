/**
 * Real Kafka, PostgreSQL and an object store as processes of our own, for trying Spendwatch out and
 * for its tests: put together, also with TLS and passwords. Nothing here runs in a deployment.
 */
package io.spendwatch.ops.lab.sandbox;
