/** What goes wrong for an operator: one line that says what to do. */
package io.spendwatch.errors;
