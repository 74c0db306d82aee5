/**
 * What a mapping's expressions make of a row's columns: texts, exact amounts, kinds and times; or
 * why a row gives none.
 */
@NullMarked
package io.spendwatch.streams.capture.expression;

import org.jspecify.annotations.NullMarked;
