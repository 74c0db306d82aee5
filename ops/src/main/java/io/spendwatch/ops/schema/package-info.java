/** The database schema that the migrations under {@code db/migration} describe. */
package io.spendwatch.ops.schema;
