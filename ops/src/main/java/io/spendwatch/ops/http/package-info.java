/** A node's HTTP interface. */
package io.spendwatch.ops.http;
