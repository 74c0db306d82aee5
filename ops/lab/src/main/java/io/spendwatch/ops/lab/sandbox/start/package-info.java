/**
 * What each server needs to start: ports, a directory, programs unpacked once, and how long it is
 * waited for.
 */
package io.spendwatch.ops.lab.sandbox.start;
