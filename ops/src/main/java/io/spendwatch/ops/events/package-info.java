/**
 * What happens, for whoever listens: alerts from their topic, figures, audits, the cluster. One log
 * in memory, in which each client has a place of its own. Knows no HTTP.
 */
package io.spendwatch.ops.events;
