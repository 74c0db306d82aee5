/** The alert topic, as a subscriber reads it. */
package io.spendwatch.ops.alerts;
