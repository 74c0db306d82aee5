/** The commands. */
package io.spendwatch.ops.cli;
