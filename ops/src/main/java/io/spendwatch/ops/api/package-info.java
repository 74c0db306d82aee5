/** A node's HTTP interface, and what asks it. */
package io.spendwatch.ops.api;
