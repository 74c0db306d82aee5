/**
 * A connection to PostgreSQL: address, TLS, pools, statements, and what a failure means. Knows no
 * table.
 */
package io.spendwatch.streams.database;
