/** Child processes that never outlive us. */
package io.spendwatch.ops.lab.process;
