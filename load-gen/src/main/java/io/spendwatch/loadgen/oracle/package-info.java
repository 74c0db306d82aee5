/**
 * The answers that the rule must give, by a Java of its own, and what is different in the alerts
 * that came.
 */
package io.spendwatch.loadgen.oracle;
