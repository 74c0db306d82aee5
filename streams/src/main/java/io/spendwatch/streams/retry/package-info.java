/** Trying again, at a pace that spares whoever is in trouble. */
package io.spendwatch.streams.retry;
