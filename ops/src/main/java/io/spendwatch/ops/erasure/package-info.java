/**
 * One user gives way to a pseudonym, in tables, topics and archive: {@code spendwatch erase}
 * (record 0040).
 */
package io.spendwatch.ops.erasure;
