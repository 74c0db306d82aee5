/** Where settings come from. */
package io.spendwatch.ops.config;
