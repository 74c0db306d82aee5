/**
 * What happens, for whoever listens: alerts from their topic, figures, audits, the cluster. Here
 * are the clients, each with a place of its own ({@link Cursor}) in the one log; {@link Events}
 * puts log, sources and clients together. Knows no HTTP.
 */
package io.spendwatch.ops.events;
