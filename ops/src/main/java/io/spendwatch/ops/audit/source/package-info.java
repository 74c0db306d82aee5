/**
 * The comparison with the business database that transactions came from: what is asked for, and
 * what it reports. ops/capture answers it.
 */
package io.spendwatch.ops.audit.source;
