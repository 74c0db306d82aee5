/** The walk along a log, and the two places where what is read goes. */
package io.spendwatch.ops.capture.walk;
