/** TLS of what a node listens at, out of PEM files that may be renewed while it runs. */
package io.spendwatch.ops.tls;
