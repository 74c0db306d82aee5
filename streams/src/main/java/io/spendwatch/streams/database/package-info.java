/**
 * A connection to PostgreSQL: address, TLS, pools, statements, and what a failure means. Knows no
 * table.
 */
@NullMarked
package io.spendwatch.streams.database;

import org.jspecify.annotations.NullMarked;
