/**
 * What is read from what has been written: alerts, a user's records, dead letters, audits, reports
 * and free queries.
 */
package io.spendwatch.ops.api.stored;
