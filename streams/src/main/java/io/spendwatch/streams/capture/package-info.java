/**
 * What a change of a row in a business database is to us: the mapping of its tables, and the
 * records that come of a change. Plain Java: it knows no log, no database and no server.
 */
@NullMarked
package io.spendwatch.streams.capture;

import org.jspecify.annotations.NullMarked;
