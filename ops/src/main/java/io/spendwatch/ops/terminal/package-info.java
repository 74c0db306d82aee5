/** What text needs to know of the terminal that it is for. */
package io.spendwatch.ops.terminal;
