/** What a capture is told, and how far it is: values, without any connection. */
package io.spendwatch.ops.capture.config;
