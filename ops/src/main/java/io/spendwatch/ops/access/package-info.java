/** Who asks a node over HTTP, and what they may. */
package io.spendwatch.ops.access;
