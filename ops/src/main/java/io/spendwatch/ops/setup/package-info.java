/** What must be there before a node can work: schema and topics. */
package io.spendwatch.ops.setup;
