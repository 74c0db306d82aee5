/** Statements one after the other, for work that waits for each. */
package io.spendwatch.ops.storage.session;
