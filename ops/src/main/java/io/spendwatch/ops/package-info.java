/**
 * What runs and keeps Spendwatch: the command line, node assembly, schema, topics, audit, and HTTP.
 * What tries it out, embedded servers among it, is an artifact of its own in {@code ops/lab}: none
 * of it is on a node's class path.
 */
package io.spendwatch.ops;
