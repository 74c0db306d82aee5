/**
 * Everything in one go, to see it work: {@link io.spendwatch.ops.lab.demo.Demo} is the course of
 * it, with one class for each thing that is shown.
 */
package io.spendwatch.ops.lab.demo;
