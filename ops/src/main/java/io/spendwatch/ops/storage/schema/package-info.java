/** The database schema that the migrations under {@code db/migration} describe, and its roles. */
package io.spendwatch.ops.storage.schema;
