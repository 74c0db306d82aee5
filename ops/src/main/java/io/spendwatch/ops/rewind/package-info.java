/** After the database was put back to an older point: what it lacks is read again. */
package io.spendwatch.ops.rewind;
