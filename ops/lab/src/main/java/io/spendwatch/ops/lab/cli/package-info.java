/** The commands of the checkout: those of a node, and those that try it out. */
package io.spendwatch.ops.lab.cli;
