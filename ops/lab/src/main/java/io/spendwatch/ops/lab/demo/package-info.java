/** Everything in one go, to see it work. */
package io.spendwatch.ops.lab.demo;
