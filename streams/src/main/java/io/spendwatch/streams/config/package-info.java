/** Reading of settings; no defaults here, those are in {@code reference.conf}. */
package io.spendwatch.streams.config;
