/** How a node and its part of the work are, in one document. */
package io.spendwatch.ops.status;
