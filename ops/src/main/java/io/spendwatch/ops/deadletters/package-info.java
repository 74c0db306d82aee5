/** Dead letters: what was put aside and why, and back to its source topic. */
package io.spendwatch.ops.deadletters;
