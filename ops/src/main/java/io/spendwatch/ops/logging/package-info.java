/** How the log is written: as text or JSON, safe for a terminal, and at which levels. */
package io.spendwatch.ops.logging;
