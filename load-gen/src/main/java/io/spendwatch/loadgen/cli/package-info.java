/** The commands {@code load}, {@code replay} and {@code generate}. */
package io.spendwatch.loadgen.cli;
