/** PostgreSQL and MariaDB as processes of our own, replica and business database included. */
package io.spendwatch.ops.lab.sandbox.database;
