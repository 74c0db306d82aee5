/** Whether a business database, our tables and a warehouse say the same. */
package io.spendwatch.ops.capture.comparison;
