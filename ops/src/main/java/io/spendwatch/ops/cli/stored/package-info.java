/** The commands that ask the tables: audit, explanations, queries. */
package io.spendwatch.ops.cli.stored;
