/**
 * A change of a row, as a reader of a log hands it over: the row, the types of its columns, and
 * where in the log it stands.
 */
@NullMarked
package io.spendwatch.streams.capture.change;

import org.jspecify.annotations.NullMarked;
