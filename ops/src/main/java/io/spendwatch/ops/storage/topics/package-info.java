/** What must be there before a node can work: topics, and how they grow. */
package io.spendwatch.ops.storage.topics;
