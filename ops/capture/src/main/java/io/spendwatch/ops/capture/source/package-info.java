/** Business databases: what they must have, their log, and their rows. */
package io.spendwatch.ops.capture.source;
