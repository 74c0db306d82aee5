/**
 * Where a life of a partition reads on: decided from the log's bounds, the committed offset and the
 * tables, and what is lost by it is noted.
 */
@NullMarked
package io.spendwatch.streams.pipeline.start;

import org.jspecify.annotations.NullMarked;
