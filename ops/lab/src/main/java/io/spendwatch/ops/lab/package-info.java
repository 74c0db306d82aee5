/**
 * What tries Spendwatch out. An artifact of its own, for the checkout: no node and no image has it.
 */
package io.spendwatch.ops.lab;
