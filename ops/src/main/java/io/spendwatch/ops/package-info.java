/**
 * What runs and keeps Spendwatch: the command line, node assembly, schema, topics, HTTP, and the
 * embedded servers for trying it out.
 */
package io.spendwatch.ops;
