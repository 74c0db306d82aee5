/** What becomes of a row in a warehouse: types, columns, statements. */
package io.spendwatch.ops.capture.warehouse;
